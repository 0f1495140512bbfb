/** Checks the V4 signature of a URL that a service account signed (GOOG4-RSA-SHA256). */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AccountKeys } from "../identity/account-keys.ts";
import { HttpError } from "../lib/http.ts";

const algorithm = "GOOG4-RSA-SHA256";
const lifetimeSMax = 7 * 24 * 3_600;
/** A clock may be ahead by this much. */
const skewMs = 15 * 60_000;

export interface Verifier {
  readonly keys: Pick<AccountKeys, "isSignedBy">;
  now(): number;
}

export function isSigned(url: URL): boolean {
  return url.searchParams.has("X-Goog-Algorithm");
}

/**
 * Which headers were signed, if everything about the request is as it was signed.
 * @throws {HttpError} 400 `MalformedSecurityHeader`, `ExpiredToken`; 403 `SignatureDoesNotMatch`.
 */
export function requireSigned(
  { keys, now }: Verifier,
  request: IncomingMessage,
  url: URL,
): ReadonlySet<string> {
  const query = url.searchParams;
  const parameter = (name: string) => {
    const values = query.getAll(name);
    const [value = ""] = values;
    if (values.length !== 1 || value === "") throw malformed(name, "It must be there once.");
    return value;
  };
  if (parameter("X-Goog-Algorithm") !== algorithm) {
    throw malformed("X-Goog-Algorithm", `Only ${algorithm} is offered.`);
  }
  const { email, scope, day } = credentialIn(parameter("X-Goog-Credential"));
  const date = parameter("X-Goog-Date");
  requireAlive(date, parameter("X-Goog-Expires"), now());
  if (!date.startsWith(day)) throw malformed("X-Goog-Credential", "It is of another day.");
  const names = parameter("X-Goog-SignedHeaders").split(";");
  const headers = canonicalHeaders(request, url, names);
  const canonical = [
    request.method,
    url.pathname,
    canonicalQuery(query),
    headers,
    names.join(";"),
    request.headers["x-goog-content-sha256"] ?? "UNSIGNED-PAYLOAD",
  ].join("\n");
  const digest = createHash("sha256").update(canonical).digest("hex");
  const signed = Buffer.from([algorithm, date, scope, digest].join("\n"));
  const signature = Buffer.from(parameter("X-Goog-Signature"), "hex");
  if (keys.isSignedBy(email, signed, signature)) return new Set(names);
  throw new HttpError(403, "SignatureDoesNotMatch", "Access denied.");
}

function credentialIn(text: string) {
  const { email, scope, day } =
    /^(?<email>[^/]+)\/(?<scope>(?<day>\d{8})\/[a-z0-9-]+\/storage\/goog4_request)$/.exec(text)
      ?.groups ?? {};
  if (email === undefined || scope === undefined || day === undefined) {
    throw malformed("X-Goog-Credential", "It isn't ACCOUNT/DAY/LOCATION/storage/goog4_request.");
  }
  return { email, scope, day };
}

function requireAlive(date: string, expires: string, nowMs: number): void {
  const iso = date.replace(
    /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/,
    "$1-$2-$3T$4:$5:$6.000Z",
  );
  const signedAtMs = iso === date ? Number.NaN : Date.parse(iso);
  if (!Number.isFinite(signedAtMs)) throw malformed("X-Goog-Date", "It isn't YYYYMMDDTHHMMSSZ.");
  const lifetimeS = /^\d{1,7}$/.test(expires) ? Number(expires) : 0;
  if (lifetimeS < 1 || lifetimeS > lifetimeSMax) {
    throw malformed("X-Goog-Expires", `It must be 1 to ${lifetimeSMax}.`);
  }
  if (signedAtMs > nowMs + skewMs) throw malformed("X-Goog-Date", "It is in the future.");
  if (signedAtMs + lifetimeS * 1_000 > nowMs) return;
  throw new HttpError(400, "ExpiredToken", "Invalid argument.");
}

/** @throws {HttpError} 400 unless exactly the signed headers of Google's are there. */
function canonicalHeaders(request: IncomingMessage, url: URL, names: readonly string[]): string {
  const isSorted = names.every((name, index) => index === 0 || (names[index - 1] ?? "") < name);
  if (!isSorted || !names.includes("host")) {
    throw malformed("X-Goog-SignedHeaders", "It must name host, and each header once, sorted.");
  }
  const unsigned = Object.keys(request.headers).find(
    (name) => name.startsWith("x-goog-") && !names.includes(name),
  );
  if (unsigned !== undefined) {
    throw malformed(unsigned, "Header was in the request, but not included in signedheaders.");
  }
  return names.map((name) => `${name}:${headerValue(request, url, name)}\n`).join("");
}

function headerValue(request: IncomingMessage, url: URL, name: string): string {
  // The client signs the name alone; the real host has no port.
  if (name === "host") return url.hostname;
  const value = request.headers[name];
  if (value === undefined) {
    throw malformed(name, "Header was included in signedheaders, but not in the request.");
  }
  return String(value).trim().replace(/\s+/g, " ");
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== "X-Goog-Signature")
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.join("="))
    .join("&");
}

/** All but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  const escaped = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, escaped);
}

function malformed(what: string, why: string): HttpError {
  return new HttpError(400, "MalformedSecurityHeader", `${what}: ${why}`);
}
