import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import type { Claim } from "./request-limiter.ts";

/** The class that a route's requests count as; `none` for internal routes. */
export type RequestClass =
  | "none"
  | "public"
  | "reads"
  | "writes"
  | "closings"
  | "secrets"
  | "executions";

export interface Claimant {
  /** The key that the request counts for. A key that rotates itself counts with its successor. */
  readonly id: string;
  /** The key that was sent, if it differs from `id`. Endings are counted by it. */
  readonly credentialId?: string;
  /** Its place among keys that take turns; absent for all but keys. */
  readonly turn?: readonly string[];
  /** Absent for operators, who act on any owner. */
  readonly owner?: { readonly id: string };
}

/** The key that was sent: endings count by it, so no other key uses up its room (KEY-10). */
export function credentialOf({ id, credentialId = id }: Claimant): string {
  return credentialId;
}

/** Its place where keys take turns because they wait for each other. */
export function turnOf(claimant: Claimant): readonly string[] {
  return claimant.turn ?? [claimant.id, credentialOf(claimant)];
}

/** Room of each key that no other requests use up: a person needs few of these to close a key. */
const reserved = { max: 60, windowMs: 60_000 };

/** What a request counts against that is needed to close a key, once other limits refuse it. */
export function reservedClaims(claimant: Claimant): readonly Claim[] {
  const noun = "requests beyond the other limits, of those needed to close a key,";
  return [{ subject: `${credentialOf(claimant)} needed to close`, limit: reserved, noun }];
}

/** What a request counts against: its key, the key's owner, and its class if that has a limit. */
export function claimsOf(
  requestClass: RequestClass,
  claimant: Claimant,
  limits: DeploymentLimits["requests"],
): readonly Claim[] {
  if (requestClass === "none") return [];
  const { id, owner } = claimant;
  if (requestClass === "public") {
    const noun = "requests without a credential from one network";
    return [{ subject: id, limit: limits.public, noun }];
  }
  const classClaim = (subject: string, limit: Claim["limit"]): Claim => ({
    subject: `${subject} ${requestClass}`,
    limit,
    noun: `requests of the class "${requestClass}" with one credential`,
  });
  // Endings have a limit of their own, so no other request uses up the room for them (KEY-10).
  if (requestClass === "closings") return [classClaim(credentialOf(claimant), limits.writes)];
  const claims: Claim[] = [
    { subject: id, limit: limits.perKey, noun: "requests with one credential" },
  ];
  if (owner) {
    claims.push({ subject: owner.id, limit: limits.perOwner, noun: "requests of one account" });
  }
  // Starts are counted across all instances, in the owner's account: see `core/money/hold.ts`.
  if (requestClass !== "executions") claims.push(classClaim(id, limits[requestClass]));
  return claims;
}
