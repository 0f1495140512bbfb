import type { Route } from "./route.ts";

/** One deployed function: its routes, its callers, and its rights besides Firestore. */
export interface Service {
  readonly name: string;
  readonly summary: string;
  /**
   * Neither is directly reachable from the internet; `internal` isn't reachable through the edge
   * either.
   */
  readonly visibility: "edge" | "internal";
  readonly routes: readonly Route[];
  readonly limits: {
    readonly concurrency: number;
    readonly instancesMax: number;
    readonly memoryMib: number;
    readonly timeoutSeconds: number;
  };
  /** Purposes, not role names; Terraform maps each one to a binding. */
  readonly roles: readonly Role[];
}

export type Role =
  | "firestore.main"
  | "firestore.keys"
  | "jobs.run"
  | "jobs.cancel"
  | "kms.wrap.environment-secrets"
  | "kms.unwrap.environment-secrets"
  | "kms.wrap.audit-details"
  | "objects.workspace"
  | "objects.collect"
  | "secret.peppers"
  | "secret.gateway-tokens";

export const defaultLimits: Service["limits"] = {
  concurrency: 80,
  instancesMax: 100,
  memoryMib: 512,
  timeoutSeconds: 60,
};
