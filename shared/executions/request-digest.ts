/**
 * A digest of a request, which tells a repetition from a different request. It is keyed, because a
 * plain hash of a body would reveal a short secret in it to a reader of the database, who could try
 * all values.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { peppers } from "../config.ts";
import type { SigningKeys } from "../core/executions/ticket.ts";
import { Fault } from "../core/fault.ts";

/**
 * Keys derived from the pepper for one purpose each, so a signature for one proves nothing for
 * another.
 */
const purposes = { request: "paddock request digest", salt: "paddock audit digest salt" };
/** The form of a release that hashed bodies without a key. */
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

/** `pepperId.hex`: after a pepper is replaced, it still verifies the requests of its time. */
export function requestDigest(request: unknown, keys: SigningKeys = peppers()): string {
  return `${keys.current}.${digestUnder(currentKey(keys), request)}`;
}

/**
 * Whether `stored` is the digest of this request; false if its pepper is gone.
 * @param asStated the request as an earlier release hashed it, in the order it came in.
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
  const key = Object.hasOwn(keys.keys, stored.slice(0, at)) && keys.keys[stored.slice(0, at)];
  if (!key) return false;
  const [given, wanted] = [stored.slice(at + 1), digestUnder(key, request)].map((hex) =>
    Buffer.from(hex),
  );
  return given?.length === wanted?.length && timingSafeEqual(given ?? key, wanted ?? key);
}

/**
 * The salt of a request's digest in clear, the same for all of the request. It is kept with the
 * sealed details, so the digest is useful only to those who may read them.
 */
export function digestSalt(requestId: string, keys: SigningKeys = peppers()): string {
  return sign(currentKey(keys), purposes.salt, requestId);
}

export function saltedDigest(salt: string, text: string): string {
  return createHash("sha256").update(`${salt}.${text}`).digest("hex");
}
