import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import type { Claim } from "./request-limiter.ts";

/** What a route counts as; `none` for internal and public routes. */
export type RequestClass = "none" | "reads" | "writes" | "closings" | "secrets" | "executions";

export interface Claimant {
  readonly id: string;
  /** Missing for operators, who act on an owner that they name. */
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
  // Other keys of the owner can't use up the room for revoking one of them (KEY-10).
  if (owner && requestClass !== "closings") {
    claims.push({ subject: owner.id, limit: limits.perOwner, what: "requests of one account" });
  }
  // Starts are counted in the account, across all instances: see `core/money/account.ts`.
  if (requestClass !== "executions") {
    const what = `requests of the class "${requestClass}" with one credential`;
    const limit = limits[requestClass === "closings" ? "writes" : requestClass];
    claims.push({ subject: `${id} ${requestClass}`, limit, what });
  }
  return claims;
}
