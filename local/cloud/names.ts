/** Names of the local project; the cloud's come from Terraform. */
export const projectId = "paddock-local";
export const region = "us-central1";
export const workspaceBucket = `${projectId}-workspaces`;
/** Signed checkpoints of the audit log. */
export const checkpointBucket = `${projectId}-checkpoints`;
/** Billing records. */
export const archiveBucket = `${projectId}-archive`;
export const exportBucket = `${projectId}-exports`;
/** Where in it the billing records are. */
export const billingArchive = "billing/1";
export const auditLog = "paddock.local/audit/1";
export const keyRing = `projects/${projectId}/locations/us/keyRings/paddock`;

/** Shows the log of requests. */
export const accessLogView = `projects/${projectId}/locations/us/buckets/paddock-access/views/paddock-access`;

export const accounts = {
  runner: `runner@${projectId}.iam.gserviceaccount.com`,
  scheduler: `scheduler@${projectId}.iam.gserviceaccount.com`,
  /** Signs the addresses that large files are sent to and read from. */
  files: `fn-files@${projectId}.iam.gserviceaccount.com`,
} as const;

export const audiences = {
  operator: "paddock-operator",
  gateway: "paddock-gateway",
  maintenance: "paddock-maintenance",
} as const;

export const firstOperator = "operator@paddock.local";
