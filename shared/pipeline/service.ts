import type { Route } from "./route.ts";

/** One deployed function: its routes, its callers, and its rights besides Firestore. */
export interface Service {
  readonly name: string;
  readonly summary: string;
  /** Who can reach it: the edge, or only callers inside the deployment. The internet never can. */
  readonly visibility: "edge" | "internal";
  readonly routes: readonly Route[];
  /** The capacity that Cloud Run gives it; limits of requests are something else. */
  readonly limits: {
    readonly concurrency: number;
    readonly instancesMax: number;
    readonly memoryMib: number;
    readonly timeoutSeconds: number;
  };
  /** Whether files go through it: its process is then set up to hold little besides them. */
  readonly passesFiles?: true;
  /** Terraform grants each of them to the function's account. */
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
  | "kms.unwrap.audit-details"
  | "kms.sign.certificates"
  | "kms.sign.checkpoints"
  | "kms.sign.evidence"
  | "kms.view.checkpoints"
  | "checkpoints.read"
  | "checkpoints.store"
  | "objects.workspace"
  | "objects.collect"
  | "objects.read"
  | "exports.store"
  | "exports.collect"
  | "exports.read"
  | "archive.store"
  | "account.sign"
  | "logs.access"
  | "secret.peppers"
  | "secret.gateway-tokens"
  | "secret.mail-login"
  | "secret.provider-keys";

export const defaultLimits: Service["limits"] = {
  concurrency: 80,
  instancesMax: 100,
  memoryMib: 512,
  timeoutSeconds: 60,
};
