import type { Route } from "./route.ts";

/** One deployed function: its routes, who can reach it, and what it may do beside Firestore. */
export interface Service {
  readonly name: string;
  readonly summary: string;
  /** Neither is reachable from the internet directly; `internal` isn't through the edge either. */
  readonly visibility: "edge" | "internal";
  readonly routes: readonly Route[];
  readonly limits: {
    readonly concurrency: number;
    readonly instancesMax: number;
    readonly memoryMib: number;
    readonly timeoutSeconds: number;
  };
  /** Purposes, not role names: Terraform maps each to one binding. */
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
