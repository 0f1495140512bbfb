/**
 * What a request asked for, as a digest that tells repeating it from asking for something else. It
 * is keyed: a plain hash over a body would give away a short secret in it to whoever reads the
 * database, who need only try them all.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { peppers } from "../config.ts";
import type { SigningKeys } from "../core/executions/ticket.ts";
import { Fault } from "../core/fault.ts";

/** Keys of their own, made of the pepper: what one of them signs says nothing under another. */
const purposes = { request: "paddock request digest", salt: "paddock audit digest salt" };
/** Of a release that hashed bodies without a key. */
const plainForm = /^[0-9a-f]{64}$/;

/** In which fields come in another order, a request is the same. */
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

/** `pepperId.hex`: a pepper that is replaced goes on telling the requests of its time. */
export function requestDigest(request: unknown, keys: SigningKeys = peppers()): string {
  return `${keys.current}.${digestUnder(currentKey(keys), request)}`;
}

/**
 * Whether `stored` is the digest of this request; not, if its pepper is gone.
 * @param asStated the same as an earlier release hashed it, in the order it came in.
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
 * What a digest in the clear is salted with, the same for all of one request; it stands among the
 * sealed details, so that the digest tells something to whoever may read those, and to nobody else.
 */
export function digestSalt(requestId: string, keys: SigningKeys = peppers()): string {
  return sign(currentKey(keys), purposes.salt, requestId);
}

export function saltedDigest(salt: string, text: string): string {
  return createHash("sha256").update(`${salt}.${text}`).digest("hex");
}
