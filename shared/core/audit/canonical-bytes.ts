import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { assert } from "../assert.ts";

/** A value's canonical JSON (RFC 8785) in UTF-8. */
export function canonicalBytes(value: object): Buffer {
  const text = canonicalize(value);
  assert(text !== undefined);
  return Buffer.from(text);
}

/** The SHA-256 of a value's canonical JSON, in hexadecimal. */
export function digestOf(value: object): string {
  return createHash("sha256").update(canonicalBytes(value)).digest("hex");
}
