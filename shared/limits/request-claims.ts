import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import type { Claim } from "./request-limiter.ts";

/** What a route counts as; `none` for internal and public routes. */
export type RequestClass = "none" | "reads" | "writes" | "closings" | "secrets" | "executions";

export interface Claimant {
  /** What it counts for: a key that was rotated goes on as the one before it. */
  readonly id: string;
  /** The credential itself, if that is another: what ends something is its own affair. */
  readonly credentialId?: string;
  /** Not of operators, who act on whom they name. */
  readonly owner?: { readonly id: string };
}

/** Which credential asks: that it was rotated gives nobody else a say in what it ends (KEY-10). */
export function credentialOf({ id, credentialId = id }: Claimant): string {
  return credentialId;
}

/** What a request counts against: its key, the key's owner, and its class if that has a limit. */
export function claimsOf(
  requestClass: RequestClass,
  claimant: Claimant,
  limits: DeploymentLimits["requests"],
): readonly Claim[] {
  if (requestClass === "none") return [];
  const { id, owner } = claimant;
  const classClaim = (subject: string, limit: Claim["limit"]): Claim => ({
    subject: `${subject} ${requestClass}`,
    limit,
    what: `requests of the class "${requestClass}" with one credential`,
  });
  // Nothing else that is sent with any key uses up the room for revoking one (KEY-10).
  if (requestClass === "closings") return [classClaim(credentialOf(claimant), limits.writes)];
  const claims: Claim[] = [
    { subject: id, limit: limits.perKey, what: "requests with one credential" },
  ];
  if (owner) {
    claims.push({ subject: owner.id, limit: limits.perOwner, what: "requests of one account" });
  }
  // Starts are counted where the money is, across all instances: see `core/account.ts`.
  if (requestClass !== "executions") claims.push(classClaim(id, limits[requestClass]));
  return claims;
}
