/**
 * Digests of requests, which tell a repetition from a different request. They are keyed: a reader
 * of the database could find a short secret in a body by trying all values against a plain hash.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { peppers } from "../config.ts";
import { keyNamed, type SigningKeys } from "../core/executions/ticket.ts";
import { Fault } from "../core/fault.ts";

/** Each purpose has a key derived from the pepper, so a digest for one is useless for another. */
const purposes = { request: "paddock request digest", salt: "paddock audit digest salt" };
/** The form in which an earlier release stored hashes without a key. */
const plainForm = /^[0-9a-f]{64}$/;

/** Sorts fields, because their order doesn't make a request different. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return { "": sorted.map(([name, inner]) => [name, canonical(inner)]) };
}

function sign(key: Buffer, purpose: string, text: string): string {
  const own = createHmac("sha256", key).update(purpose).digest();
  return createHmac("sha256", own).update(text).digest("hex");
}

function digestUnder(key: Buffer, request: unknown): string {
  return sign(key, purposes.request, JSON.stringify(canonical(request)));
}

function currentKey({ current, keys }: SigningKeys): Buffer {
  const key = keys[current];
  if (key === undefined) throw new Fault("the current pepper is missing");
  return key;
}

/** Has the form `pepperId.hex`, so that it can be checked after the pepper was replaced. */
export function requestDigest(request: unknown, keys: SigningKeys = peppers()): string {
  return `${keys.current}.${digestUnder(currentKey(keys), request)}`;
}

/**
 * Whether `stored` is the digest of this request; false if its pepper is gone.
 * @param asStated The request as an earlier release hashed it, its fields in the order sent.
 */
export function isSameRequest(
  stored: string,
  { request, asStated }: { readonly request: unknown; readonly asStated: unknown },
  keys: SigningKeys = peppers(),
): boolean {
  if (plainForm.test(stored)) {
    return createHash("sha256").update(JSON.stringify(asStated)).digest("hex") === stored;
  }
  const at = stored.lastIndexOf(".");
  const key = keyNamed(keys, stored.slice(0, at));
  if (!key) return false;
  const [given, wanted] = [stored.slice(at + 1), digestUnder(key, request)].map((hex) =>
    Buffer.from(hex),
  );
  return given?.length === wanted?.length && timingSafeEqual(given ?? key, wanted ?? key);
}

/**
 * The salt of digests that are stored in clear, one for each request. It is stored among the sealed
 * details, so only those who may read these can use the digests.
 */
export function digestSalt(requestId: string, keys: SigningKeys = peppers()): string {
  return sign(currentKey(keys), purposes.salt, requestId);
}

/**
 * The salt of a digest that was stored earlier, perhaps under a pepper that was replaced since.
 * @returns Null if no pepper gives a salt with which `text` has this digest.
 */
export function findDigestSalt(
  requestId: string,
  { text, digest }: { readonly text: string; readonly digest: string },
  { keys } = peppers(),
): string | null {
  const salts = Object.values(keys).map((key) => sign(key, purposes.salt, requestId));
  return salts.find((salt) => saltedDigest(salt, text) === digest) ?? null;
}

export function saltedDigest(salt: string, text: string): string {
  return createHash("sha256").update(`${salt}.${text}`).digest("hex");
}
