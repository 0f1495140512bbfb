/** What the simulation assumes about the platform, and about how people use the product. */

export interface Fact {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly source: string;
  /** Whether a document of the provider or a measurement of ours says so. */
  readonly verified: boolean;
}

const reported = (source: string) => ({ source, verified: false });
const documented = (source: string) => ({ source, verified: true });
const assumed = { source: "assumption", verified: false };

/** The platform's quotas, per region of a project unless stated otherwise. */
export const quotas = {
  runJobCalls: {
    what: "RunJob calls",
    value: 180,
    unit: "a minute and region",
    ...reported("third parties quoting Cloud Run's quotas"),
  },
  running: {
    what: "executions that run",
    value: 1_000,
    unit: "at once and region",
    ...documented("docs.cloud.google.com/run/quotas, raisable"),
  },
  documentCommits: {
    what: "commits to one document",
    value: 1,
    unit: "a second, sustained",
    ...reported("Firestore's best practices, older text; taken for a hard limit here"),
  },
  indexWrites: {
    what: "writes to an index on a time",
    value: 500,
    unit: "a second and database",
    ...documented("Firestore's best practices"),
  },
  kmsTokens: {
    what: "KMS tokens, 100 a call",
    value: 6_000_000,
    unit: "a minute and project",
    ...reported("third parties, since 2026-02-16"),
  },
  logBytes: {
    what: "bytes of logs taken in",
    value: 4_800_000_000,
    unit: "a minute, project and region",
    ...documented("cloud.google.com/logging/quotas, us-central1"),
  },
} as const satisfies Record<string, Fact>;

/** How long the platform takes. */
export const durations = {
  runJobMs: { what: "a RunJob call", value: 300, unit: "ms", ...assumed },
  commitMs: { what: "a commit, US multi-region", value: 60, unit: "ms", ...assumed },
  readMs: { what: "a read", value: 20, unit: "ms", ...assumed },
  startUpMs: {
    what: "a job's start-up, median",
    value: 10_000,
    unit: "ms, log-normal",
    ...reported("reports of 5 to 15 s; 30 s and more behind Cloud NAT"),
  },
  startUpSigma: { what: "its spread: p99 is 2.5 medians", value: 0.4, unit: "", ...assumed },
  gatewayRequestMs: { what: "a request of a runner", value: 80, unit: "ms", ...assumed },
  outboxEveryMs: {
    what: "between sweeps of the outbox",
    value: 60_000,
    unit: "ms",
    ...documented("Cloud Scheduler's shortest interval"),
  },
  savingMs: { what: "container time beside the command", value: 3_000, unit: "ms", ...assumed },
  billedMsMin: {
    what: "billed for a container at least",
    value: 60_000,
    unit: "ms",
    ...reported("third parties quoting Cloud Run's pricing"),
  },
} as const satisfies Record<string, Fact>;

/** How people use it. */
export const habits = {
  runMs: { what: "an execution's work, median", value: 20_000, unit: "ms, log-normal", ...assumed },
  runSigma: { what: "its spread: mean 41 s, p99 5.4 min", value: 1.2, unit: "", ...assumed },
  litePercent: { what: "use the profile lite", value: 70, unit: "%", ...assumed },
  standardPercent: { what: "use standard, the rest power", value: 25, unit: "%", ...assumed },
  secretsPercent: { what: "have secrets", value: 40, unit: "%", ...assumed },
  eventBatchesPerSecond: { what: "batches of events", value: 0.5, unit: "a second", ...assumed },
  dayToNightRatio: { what: "the busiest hour to the quietest", value: 4, unit: "×", ...assumed },
  busiestHour: { what: "the busiest hour", value: 19, unit: "UTC", ...assumed },
  onTheHourPercent: { what: "are sent in an hour's first minute", value: 5, unit: "%", ...assumed },
  burstMs: { what: "a burst of one owner", value: 300_000, unit: "ms", ...assumed },
  burstsPerDay: { what: "bursts of an owner", value: 2, unit: "a day", ...assumed },
  limitsFactor: {
    what: "an owner's own limits, beside its mean",
    value: 4,
    unit: "×, never below the default",
    ...assumed,
  },
  logEntryBytes: { what: "an entry in the log", value: 1_000, unit: "bytes", ...assumed },
  instanceUtilisation: {
    what: "of an instance's concurrency in use",
    value: 0.6,
    unit: "share",
    ...reported("Cloud Run's autoscaling target"),
  },
} as const satisfies Record<string, Fact>;
