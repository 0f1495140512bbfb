import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";

/**
 * The space of a request's Idempotency-Keys: keys that see the same environments share one. If it
 * were the whole owner's, a key limited to environments could learn which ones others used.
 */
export function idempotencySpace({ id, environmentIds }: Owner): readonly [string, ...string[]] {
  return environmentIds === null ? [id] : [id, [...environmentIds].sort().join(" ")];
}

/**
 * Refuses a key that is limited to environments when a request concerns another one: one to be
 * made, a default one outside its list, or all of them.
 * @throws {ApiError} `FORBIDDEN`, naming the environments.
 */
export function requireAllEnvironments({ environmentIds }: Owner, why = "Name one of them."): void {
  if (environmentIds === null) return;
  const message = `The API key is limited to environments. ${why}`;
  const authentication = { reason: "bounds" };
  throw new ApiError("FORBIDDEN", { message, details: { environmentIds }, authentication });
}

/**
 * Agents and skills belong to no environment: executions in all of them obey what they say, so a
 * key that is limited to some may not write them (KEY-4).
 * @throws {ApiError} `FORBIDDEN`, naming the environments.
 */
export function requireAgentWrites(owner: Owner): void {
  requireAllEnvironments(owner, "Agents and skills are for all environments: use another key.");
}
