/**
 * Tickets and tokens of an execution. A ticket is random and single-use, and the execution stores
 * its hash; it names the documents to read, so claiming needs no query. A token is signed and
 * verified without a read: `purpose.payload.hmac`.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { profiles } from "../../protocol/job.ts";
import { Fault } from "../fault.ts";
import { idSchema } from "../ids.ts";

export const ticketRandomBytes = 32;

export interface Ticket {
  readonly ownerId: string;
  readonly environmentId: string;
  readonly executionId: string;
  readonly attempt: number;
  readonly secret: string;
}

const ticketParts = z.tuple([
  idSchema("owner"),
  idSchema("environment"),
  idSchema("execution"),
  z.string().regex(/^[1-9][0-9]{0,3}$/),
  z.string().regex(/^[0-9a-f]{64}$/),
]);

export function formatTicket(ticket: Ticket): string {
  const { ownerId, environmentId, executionId, attempt, secret } = ticket;
  return [ownerId, environmentId, executionId, attempt, secret].join(".");
}

export function parseTicket(text: string): Ticket | null {
  const parts = ticketParts.safeParse(text.split("."));
  if (!parts.success) return null;
  const [ownerId, environmentId, executionId, attempt, secret] = parts.data;
  return { ownerId, environmentId, executionId, attempt: Number(attempt), secret };
}

export function hashTicket(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What the holder may touch: one attempt of one execution of one owner, until `expiresAt`. */
const TokenClaims = z.object({
  ownerId: idSchema("owner"),
  executionId: idSchema("execution"),
  threadId: idSchema("thread"),
  environmentId: idSchema("environment"),
  attempt: z.int().min(1),
  expiresAt: z.int(),
  /**
   * What the price depends on. Tokens of an older release lack it, and their holds aren't renewed.
   */
  metered: z
    .object({
      profile: z.enum(profiles),
      wallClockMs: z.int().min(1),
      claimedAt: z.int(),
    })
    .optional(),
});
export type TokenClaims = z.infer<typeof TokenClaims>;
/** The claims of a token that was verified. */
export type VerifiedClaims = TokenClaims & {
  /** Which of our keys has signed it. The token keeps it, also while the keys are rotated. */
  readonly signedBy: string;
};
export type TokenPurpose = "control" | "model";

export interface SigningKeys {
  readonly current: string;
  readonly keys: Readonly<Record<string, Buffer>>;
}

/** The key of an id that comes from elsewhere; null if there is none, or none any more. */
export function keyNamed({ keys }: SigningKeys, id: string): Buffer | null {
  return (Object.hasOwn(keys, id) && keys[id]) || null;
}

function sign(text: string, key: Buffer): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

export function issueToken(purpose: TokenPurpose, claims: TokenClaims, keys: SigningKeys): string {
  const key = keys.keys[keys.current];
  if (!key) throw new Fault("the current signing key is missing");
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  const unsigned = `${purpose}.${keys.current}.${payload}`;
  return `${unsigned}.${sign(unsigned, key)}`;
}

/** The claims of a token that one of our keys signed for `purpose` and that hasn't expired. */
export function verifyToken(
  purpose: TokenPurpose,
  token: string,
  context: { readonly keys: SigningKeys; readonly now: number },
): VerifiedClaims | null {
  const [kind, keyId = "", payload = "", signature = "", ...rest] = token.split(".");
  const key = keyNamed(context.keys, keyId);
  if (kind !== purpose || !key || rest.length > 0) return null;
  const expected = Buffer.from(sign(`${kind}.${keyId}.${payload}`, key));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims = TokenClaims.safeParse(JSON.parse(Buffer.from(payload, "base64url").toString()));
  if (!claims.success || claims.data.expiresAt <= context.now) return null;
  return { ...claims.data, signedBy: keyId };
}
