/**
 * Google's prices for what a deployment uses, us-central1 and US multi-region, in US dollars. Each
 * one says where it was read; a price whose page couldn't be read in full, or that is known
 * second-hand, isn't verified. Check all of them before planning a budget.
 */

export interface Price {
  readonly what: string;
  readonly usd: number;
  /** How many of `unit` the price is for. */
  readonly per: number;
  readonly unit: string;
  /** How many of `unit` are free each month. */
  readonly free: number;
  readonly source: string;
  readonly verified: boolean;
}

/** When all of them were looked up. */
export const pricesReadOn = "2026-11-23";

const page = (source: string) => ({ source, verified: true });
const unverified = (source: string) => ({ source, verified: false });
const runPage = "cloud.google.com/run/pricing";
const known = "known, no page read";
const third = "third parties";

export const prices = {
  jobCpu: {
    what: "job containers, CPU",
    usd: 0.000_018,
    per: 1,
    unit: "vCPU-second",
    free: 240_000,
    ...unverified(`${runPage}, an undated copy; an example of Google's comes to about half`),
  },
  jobMemory: {
    what: "job containers, memory",
    usd: 0.000_002,
    per: 1,
    unit: "GiB-second",
    free: 450_000,
    ...unverified("the same"),
  },
  functionCpu: {
    what: "functions, CPU",
    usd: 0.000_024,
    per: 1,
    unit: "vCPU-second",
    free: 180_000,
    ...page(`${runPage}, an undated copy`),
  },
  functionMemory: {
    what: "functions, memory",
    usd: 0.000_002_5,
    per: 1,
    unit: "GiB-second",
    free: 360_000,
    ...page(`${runPage}, an undated copy`),
  },
  functionRequests: {
    what: "functions, requests",
    usd: 0.4,
    per: 1_000_000,
    unit: "request",
    free: 2_000_000,
    ...unverified(third),
  },
  reads: {
    what: "Firestore, reads",
    usd: 0.06,
    per: 100_000,
    unit: "document",
    free: 1_500_000,
    ...unverified("firebase.google.com/docs/firestore/pricing, an old copy"),
  },
  writes: {
    what: "Firestore, writes",
    usd: 0.18,
    per: 100_000,
    unit: "document",
    free: 600_000,
    ...unverified("the same"),
  },
  stored: {
    what: "Firestore, stored, and 7 days of its history",
    usd: 0.18 + 0.18,
    per: 1,
    unit: "GiB",
    free: 0,
    ...unverified(known),
  },
  backups: {
    what: "Firestore, backups",
    usd: 0.03,
    per: 1,
    unit: "GiB",
    free: 0,
    ...unverified(known),
  },
  kmsCalls: {
    what: "KMS, calls",
    usd: 0.03,
    per: 10_000,
    unit: "call",
    free: 0,
    ...page("cloud.google.com/kms/pricing, as of 2025-03-17"),
  },
  kmsVersions: {
    what: "KMS, key versions (software; HSM is 1.00)",
    usd: 0.06,
    per: 1,
    unit: "version",
    free: 0,
    ...page("cloud.google.com/kms/pricing, as of 2025-03-17"),
  },
  logs: {
    what: "Logging, taken in",
    usd: 0.5,
    per: 1,
    unit: "GiB",
    free: 50,
    ...unverified(known),
  },
  logsKept: {
    what: "Logging, kept beyond 30 days",
    usd: 0.01,
    per: 1,
    unit: "GiB-month",
    free: 0,
    ...unverified(known),
  },
  forwardingRules: {
    what: "external load balancer, up to 5 rules",
    usd: 0.025,
    per: 1,
    unit: "hour",
    free: 0,
    ...page("cloud.google.com/load-balancing/pricing, an undated copy"),
  },
  internalBalancer: {
    what: "internal load balancer, rule and proxies",
    usd: 0.025 * 2,
    per: 1,
    unit: "hour",
    free: 0,
    ...unverified(known),
  },
  balanced: {
    what: "load balancers, data processed",
    usd: 0.008,
    per: 1,
    unit: "GiB",
    free: 0,
    ...page("cloud.google.com/load-balancing/pricing, an undated copy"),
  },
  egress: {
    what: "data to the internet",
    usd: 0.12,
    per: 1,
    unit: "GiB",
    free: 0,
    ...page("cloud.google.com/storage/pricing-examples, an undated copy"),
  },
  armorPolicies: {
    what: "Cloud Armor, policy",
    usd: 5,
    per: 1,
    unit: "policy",
    free: 0,
    ...unverified(known),
  },
  armorRules: {
    what: "Cloud Armor, rules",
    usd: 1,
    per: 1,
    unit: "rule",
    free: 0,
    ...unverified(known),
  },
  armorRequests: {
    what: "Cloud Armor, requests",
    usd: 0.75,
    per: 1_000_000,
    unit: "request",
    free: 0,
    ...unverified(known),
  },
  secretVersions: {
    what: "Secret Manager, versions",
    usd: 0.06,
    per: 1,
    unit: "version",
    free: 6,
    ...page("cloud.google.com/secret-manager/pricing, an undated copy"),
  },
  schedulerJobs: {
    what: "Cloud Scheduler, jobs",
    usd: 0.1,
    per: 1,
    unit: "job",
    free: 3,
    ...unverified(known),
  },
  alertConditions: {
    what: "Monitoring, conditions of alerts",
    usd: 0.1,
    per: 1,
    unit: "condition",
    free: 0,
    ...unverified("cloud.google.com/stackdriver/pricing, announced, not charged everywhere yet"),
  },
  dnsZones: {
    what: "Cloud DNS, zones and response policies",
    usd: 0.2,
    per: 1,
    unit: "zone",
    free: 0,
    ...unverified(known),
  },
  networkLogs: {
    what: "Logging, flow logs of the runners' network",
    usd: 0.25,
    per: 1,
    unit: "GiB",
    free: 0,
    ...unverified(known),
  },
  objects: {
    what: "Storage, workspaces, US multi-region",
    usd: 0.026,
    per: 1,
    unit: "GiB",
    free: 0,
    ...page("cloud.google.com/storage/pricing, an undated copy"),
  },
  objectWrites: {
    what: "Storage, objects written",
    usd: 0.01,
    per: 1_000,
    unit: "write",
    free: 0,
    ...unverified(known),
  },
  objectReads: {
    what: "Storage, objects read",
    usd: 0.000_4,
    per: 1_000,
    unit: "read",
    free: 0,
    ...page("cloud.google.com/storage/pricing-examples, an undated copy"),
  },
  images: {
    what: "Artifact Registry, stored",
    usd: 0.1,
    per: 1,
    unit: "GiB",
    free: 0.5,
    ...unverified(known),
  },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof prices;
