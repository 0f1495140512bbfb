import type { ApiKey } from "../store/api-keys.ts";

/**
 * Whether a key has ended by its rotation, so that its successor acts in its place. One that was
 * revoked before its time has not: then nothing does.
 * @param now When it is closed, if it isn't yet.
 */
export function gaveWay(
  { revokedAt, expiresAt, replacedBy }: Pick<ApiKey, "revokedAt" | "expiresAt" | "replacedBy">,
  now: number,
): boolean {
  return replacedBy !== null && expiresAt !== null && expiresAt <= (revokedAt ?? now);
}
