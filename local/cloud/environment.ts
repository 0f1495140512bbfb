import {
  accessLogView,
  accounts,
  archiveBucket,
  audiences,
  auditLog,
  billingArchive,
  checkpointBucket,
  exportBucket,
  firstOperator,
  keyRing,
  projectId,
  region,
  workspaceBucket,
} from "./names.ts";

/** The addresses of this cloud's services, and its files. */
export interface Addresses {
  readonly firestoreHost: string;
  readonly kmsPort: number;
  readonly storagePort: number;
  readonly runPort: number;
  readonly loggingPort: number;
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly credentialsHost: string;
  readonly peppersFile: string;
  readonly gatewayTokensFile: string;
  readonly limitsFile: string | null;
  readonly modelsFile: string;
  readonly providerKeysFile: string;
  /** Keeps compiled code, so that a function starts faster the second time. */
  readonly compileCacheFolder: string;
}

/**
 * The environment of a function's process, as Terraform sets it in the cloud, plus the addresses of
 * local services for the official clients. What differs by function is added when it starts.
 */
export function functionEnvironment(addresses: Addresses): Record<string, string> {
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    NODE_COMPILE_CACHE: addresses.compileCacheFolder,
    GOOGLE_CLOUD_PROJECT: projectId,
    PADDOCK_REGION: region,
    FIRESTORE_EMULATOR_HOST: addresses.firestoreHost,
    STORAGE_EMULATOR_HOST: `http://127.0.0.1:${addresses.storagePort}`,
    PADDOCK_KMS_ENDPOINT: `127.0.0.1:${addresses.kmsPort}`,
    PADDOCK_RUN_ENDPOINT: `127.0.0.1:${addresses.runPort}`,
    PADDOCK_LOGGING_ENDPOINT: `127.0.0.1:${addresses.loggingPort}`,
    PADDOCK_CREDENTIALS_ENDPOINT: addresses.credentialsHost,
    PADDOCK_ACCESS_LOG_VIEW: accessLogView,
    PADDOCK_WORKSPACE_BUCKET: workspaceBucket,
    PADDOCK_CHECKPOINT_BUCKET: checkpointBucket,
    PADDOCK_ARCHIVE_BUCKET: archiveBucket,
    PADDOCK_EXPORT_BUCKET: exportBucket,
    PADDOCK_BILLING_ARCHIVE: billingArchive,
    PADDOCK_AUDIT_LOG: auditLog,
    PADDOCK_KMS_KEY_RING: keyRing,
    PADDOCK_PEPPERS_FILE: addresses.peppersFile,
    PADDOCK_GATEWAY_TOKENS_FILE: addresses.gatewayTokensFile,
    PADDOCK_PROVIDER_KEYS_FILE: addresses.providerKeysFile,
    PADDOCK_MODELS_FILE: addresses.modelsFile,
    PADDOCK_OIDC_ISSUER: addresses.issuer,
    PADDOCK_OIDC_JWKS_URL: addresses.jwksUrl,
    PADDOCK_OPERATOR_AUDIENCE: audiences.operator,
    PADDOCK_GATEWAY_AUDIENCE: audiences.gateway,
    PADDOCK_MAINTENANCE_AUDIENCE: audiences.maintenance,
    PADDOCK_RUNNER_ACCOUNT: accounts.runner,
    PADDOCK_SCHEDULER_ACCOUNT: accounts.scheduler,
    PADDOCK_FIRST_OPERATOR: firstOperator,
    PADDOCK_TRUSTED_HOPS: "1",
    PADDOCK_SECURITY_CONTACTS: "mailto:security@example.com",
    METADATA_SERVER_DETECTION: "none",
    ...(addresses.limitsFile !== null && { PADDOCK_LIMITS_FILE: addresses.limitsFile }),
  };
}

/** What one function's process has besides: the metadata server that speaks for its account. */
export function accountEnvironment(metadataPort: number): Record<string, string> {
  return {
    GCE_METADATA_HOST: `127.0.0.1:${metadataPort}`,
    METADATA_SERVER_DETECTION: "assume-present",
  };
}
