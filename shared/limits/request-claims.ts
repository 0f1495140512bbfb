import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import type { Claim } from "./request-limiter.ts";

/** What a route counts as; `none` for internal routes and for those that need no credential. */
export type RequestClass = "none" | "reads" | "writes" | "closings" | "secrets" | "executions";

export interface Claimant {
  readonly id: string;
  /** Not of operators, who act on whom they name. */
  readonly owner?: { readonly id: string };
}

/** What a request counts against: its key, the key's owner, and its class if that has a limit. */
export function claimsOf(
  requestClass: RequestClass,
  { id, owner }: Claimant,
  limits: DeploymentLimits["requests"],
): readonly Claim[] {
  if (requestClass === "none") return [];
  const claims: Claim[] = [
    { subject: id, limit: limits.perKey, what: "requests with one credential" },
  ];
  // What other keys of the owner send can't use up the room for revoking one of them (KEY-10).
  if (owner && requestClass !== "closings") {
    claims.push({ subject: owner.id, limit: limits.perOwner, what: "requests of one account" });
  }
  // Starts are counted where the money is, across all instances: see `core/account.ts`.
  if (requestClass !== "executions") {
    const what = `requests of the class "${requestClass}" with one credential`;
    const limit = limits[requestClass === "closings" ? "writes" : requestClass];
    claims.push({ subject: `${id} ${requestClass}`, limit, what });
  }
  return claims;
}
