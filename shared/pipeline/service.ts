import type { Route } from "./route.ts";

/** One deployed function: its routes, its callers, and its rights besides Firestore. */
export interface Service {
  readonly name: string;
  readonly summary: string;
  /** Who reaches it: the edge, or only callers inside. The internet never does directly. */
  readonly visibility: "edge" | "internal";
  readonly routes: readonly Route[];
  readonly limits: {
    readonly concurrency: number;
    readonly instancesMax: number;
    readonly memoryMib: number;
    readonly timeoutSeconds: number;
  };
  /** Terraform makes a binding of each. */
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
