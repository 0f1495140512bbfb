import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";

/**
 * Whose Idempotency-Keys a request's own is one of: those of keys that see the same. Were they the
 * whole owner's, a key that is limited to environments could find out which ones others have used.
 */
export function idempotencySpace({ id, environmentIds }: Owner): readonly [string, ...string[]] {
  return environmentIds === null ? [id] : [id, [...environmentIds].sort().join(" ")];
}

/**
 * Refuses a key that is limited to environments what concerns another than those: one to be made,
 * or a default one that isn't among them.
 * @throws {ApiError} `FORBIDDEN`, naming the environments.
 */
export function requireAllEnvironments({ environmentIds }: Owner): void {
  if (environmentIds === null) return;
  const message = "The API key is limited to environments; name one of them.";
  throw new ApiError("FORBIDDEN", { message, details: { environmentIds } });
}
