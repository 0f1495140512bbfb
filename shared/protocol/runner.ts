/**
 * The protocol between the runner and `runner-gateway`: JSON over HTTPS, always called by the
 * runner. Claiming needs an ID token of the runner's account and the single-use ticket; every later
 * call carries the control token that the claim returned.
 */
import * as z from "zod";
import { BoundSecret } from "./bound-secret.ts";
import { Item } from "./item.ts";
import { Conversation, ModelEntry } from "./language-model.ts";
import { McpServer } from "./mcp-server.ts";
import { sandboxModes } from "./sandbox-mode.ts";
import { ClaimedSkills, noSkills } from "./skill.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

/** The gateway's routes, relative to its base URL. */
export const gatewayPaths = {
  claim: "/internal/executions/claim",
  events: "/internal/executions/events",
  heartbeat: "/internal/executions/heartbeat",
  settle: "/internal/executions/settle",
  egress: "/internal/executions/egress",
  /** GET returns a stored object's bytes and PUT stores them; `{sha256}` is their digest. */
  manifest: (digest: string) => `/internal/workspace/manifests/${digest}`,
  pack: (digest: string) => `/internal/workspace/packs/${digest}`,
} as const;

/** The size of a pack; Cloud Run limits a request to 32 MB. */
export const packBytesMax = 24 * 1024 * 1024;
/** A manifest of 50,000 files is about 12 MB. */
export const manifestBytesMax = 24 * 1024 * 1024;
/** The most that an execution's answer holds; the rest is cut, with a note. */
export const outputBytesMax = 256 * 1024;
/** The most events in one call; the gateway stores them in one document of at most 1 MiB. */
export const eventBatchBytesMax = 512 * 1024;
export const eventBatchLengthMax = 1_000;

/** What an execution may use. Exceeding a cap ends it, with a reason of its own for each cap. */
export const Limits = z.object({
  wallClockMs: count,
  /** Thousandths of a CPU. */
  cpuMillis: count,
  memoryBytes: count,
  processesMax: count,
  openFilesMax: count,
  fileBytesMax: count,
  workspaceBytes: count,
  workspaceInodesMax: count,
  tmpBytes: count,
  /** Total streamed output; anything more is dropped, with a note. */
  streamBytesMax: count,
});
export type Limits = z.infer<typeof Limits>;

/** The most that an execution's proxy carries; each cap has a refusal rule of its own. */
export const EgressLimits = z.object({
  /** Connections open at the same time. */
  connectionsMax: z.int().min(1),
  connectionsPerMinuteMax: z.int().min(1),
  /** Sent and received, over all connections. */
  totalBytesMax: z.int().min(1),
});
export type EgressLimits = z.infer<typeof EgressLimits>;

export const defaultEgressLimits: EgressLimits = {
  connectionsMax: 256,
  connectionsPerMinuteMax: 3_000,
  totalBytesMax: 64 * 1024 ** 3,
};

export const NetworkPolicy = z.object({
  mode: z.enum(["none", "allowlist", "internet"]),
  /** `host` may be `*.host`: every name below it. */
  allow: z.array(z.object({ host: z.string(), port: z.int().min(1).max(65_535) })),
  limits: EgressLimits.default(defaultEgressLimits),
});
export type NetworkPolicy = z.infer<typeof NetworkPolicy>;

/** The outcome of an attempt to leave the sandbox. */
export const EgressEnd = z.object({
  verdict: z.enum(["allowed", "refused", "failed"]),
  /** Why it was refused or failed. */
  rule: z.string().max(50).nullable(),
  /** The address it was connected to. */
  address: z.string().max(50).nullable(),
  sentBytes: count,
  receivedBytes: count,
  durationMs: count,
});
export type EgressEnd = z.infer<typeof EgressEnd>;

/** One attempt. An allowed one is recorded before its bytes flow, any other when it is over. */
export const EgressAttempt = EgressEnd.extend({
  /** Counts from 1 without gaps, in the order of recording. */
  sequence: z.int().min(1),
  at: count,
  host: z
    .string()
    .max(300)
    .refine((host) => host.isWellFormed(), "isn't valid Unicode"),
  port: z.int().min(0).max(65_535),
  /** `http`: a request of its own; `connect`: a tunnel, whatever it carried. */
  method: z.enum(["http", "connect"]),
  /** The attempt was allowed and its end isn't known, so neither are bytes or duration. */
  open: z.literal(true).optional(),
});
export type EgressAttempt = z.infer<typeof EgressAttempt>;

/** The most attempts in one call; the gateway stores them in one document. */
export const egressBatchLengthMax = 500;
/** Replaces an attempt that was reported in a form that can't be stored. */
export const notRecordedRule = "not_recorded";

/** Attempts are numbered by their runner as well: a larger number could have no successor. */
const egressSequence = z.int().min(1).max(1_000_000_000);

/** How an open attempt of an earlier call ended, whose attempts began with `batch`. */
export const EgressEnding = EgressEnd.extend({
  batch: egressSequence,
  sequence: egressSequence,
});
export type EgressEnding = z.infer<typeof EgressEnding>;

export const EgressRequest = z.object({
  attempts: z.array(EgressAttempt).max(egressBatchLengthMax),
  /** Where the attempts begin, also if there are none: a call that only tells of what was cut. */
  firstSequence: egressSequence,
  /** Attempts so far that are in no batch: there were too many. */
  cut: count,
  ends: z.array(EgressEnding).max(egressBatchLengthMax).default([]),
});
export type EgressRequest = z.infer<typeof EgressRequest>;
/** The call before each attempt is validated, so that an invalid one doesn't affect the others. */
export const EgressCall = EgressRequest.extend({
  attempts: z.array(z.unknown()).max(egressBatchLengthMax),
  ends: z.array(z.unknown()).max(egressBatchLengthMax).default([]),
});
export const EgressReply = z.object({
  stored: z.literal(true),
  /** How many attempts and ends of this call were invalid and are missing. */
  lost: count.default(0),
});

export const KeyValue = z.object({ key: z.string(), value: z.string() });

export const ClaimRequest = z.object({
  ticket: z.string().max(512),
  runner: z.object({
    version: z.string().max(100),
    sandboxMode: z.enum([...sandboxModes, "A", "B"]),
  }),
  /**
   * A random value that only this runner knows. The runner that claimed may claim again with it.
   */
  claimant: z.string().min(32).max(64).optional(),
});
export type ClaimRequest = z.infer<typeof ClaimRequest>;

/** How long the gateway trusts a silent runner. `version` is a fence: send it back. */
export const Lease = z.object({
  version: z.string(),
  expiresAt: count,
  heartbeatIntervalMs: count,
  /** The time until which a client reads the stream, as of `version`; send it back, too. */
  readerUntil: count.default(0),
});
export type Lease = z.infer<typeof Lease>;

/** What the execution finds in the layer's folder; see `sandbox-paths.ts`. */
export const ClaimedLayer = z.discriminatedUnion("use", [
  /** The workspace itself: this execution builds a layer, which is saved only if it succeeds. */
  z.object({ use: z.literal("build") }),
  /** A layer that was built before, read-only. */
  z.object({ use: z.literal("mount"), manifestSha256: sha256, restoreBytes: count }),
]);
export type ClaimedLayer = z.infer<typeof ClaimedLayer>;

export const ClaimReply = z.object({
  executionId: z.string(),
  attempt: z.int().min(1),
  threadId: z.string(),
  environmentId: z.string(),
  controlToken: z.string(),
  /** A token for model calls of this execution; only the supervisor holds it. */
  modelToken: z.string(),
  lease: Lease,
  /** How long to collect events before sending them; each reply may change it. */
  flushIntervalMs: count,
  task: z.object({ model: z.string(), instructions: z.string().nullable(), content: z.string() }),
  /** How to call the task's model; null if it isn't a language model. */
  models: z.object({ token: z.string(), catalogueEntry: ModelEntry }).nullable().default(null),
  /** What a language model reads besides its task; null for other models. */
  conversation: Conversation.nullable().default(null),
  limits: Limits,
  network: NetworkPolicy,
  environmentVariables: z.array(KeyValue),
  secrets: z.array(KeyValue),
  /** Kept from the sandbox, which holds a placeholder. */
  boundSecrets: z.array(BoundSecret).default([]),
  setupScripts: z.array(z.string()),
  /** What a language model may call besides its own tools. */
  mcpServers: z.array(McpServer).default([]),
  skills: ClaimedSkills.default(noSkills),
  /** The manifest to start from; null for an empty workspace. */
  manifestSha256: sha256.nullable(),
  /** The manifest to use if that one can't be read; null for an empty workspace. */
  previousManifestSha256: sha256.nullable().default(null),
  layer: ClaimedLayer.nullable().default(null),
});
export type ClaimReply = z.infer<typeof ClaimReply>;

/** Numbered from 1 without gaps within one attempt. */
export const RunnerEvent = z.object({ sequence: z.int().min(1), at: count, item: Item });
export type RunnerEvent = z.infer<typeof RunnerEvent>;

/**
 * More events than any execution can have, and a number that others can be added to: what follows
 * the events of an execution is numbered behind them.
 */
export const eventSequenceMax = 1_000_000_000;

const NumberedEvents = z
  .array(RunnerEvent)
  .min(1)
  .max(eventBatchLengthMax)
  .refine(areNumbered, `must be numbered without gaps, up to ${eventSequenceMax}`);

function areNumbered(events: readonly RunnerEvent[]): boolean {
  const first = events[0]?.sequence ?? 1;
  if (first + events.length - 1 > eventSequenceMax) return false;
  return events.every(({ sequence }, index) => sequence === first + index);
}

export const EventsRequest = z.object({
  events: NumberedEvents,
  /** The newest lease's; what the reply says of the flush interval follows from it. */
  readerUntil: count.optional(),
});
export const EventsReply = z.object({ acknowledgedSequence: count, flushIntervalMs: count });

export const HeartbeatRequest = z.object({
  leaseVersion: z.string(),
  readerUntil: count.default(0),
});
/** `stop` is set when the execution must end now: it was cancelled, or its money is spent. */
export const HeartbeatReply = z.object({
  lease: Lease,
  stop: z.enum(["cancelled", "budget"]).nullable(),
});

/** Why an execution ended; `docs/errors.md` has a sentence for each. */
export const EndReason = z.enum([
  "completed",
  "command_failed",
  "time_limit",
  "memory_limit",
  "disk_quota",
  "file_size_limit",
  "open_files_limit",
  "process_limit",
  "output_limit",
  "cancelled",
  "budget",
  "agent_limit",
  "model_failed",
  "isolation_unavailable",
  "secrets_unavailable",
  "runner_error",
  "lost",
]);
export type EndReason = z.infer<typeof EndReason>;

export const endDetailLengthMax = 500;

export const SettleRequest = z.object({
  leaseVersion: z.string(),
  outcome: z.enum(["success", "failed", "cancelled"]),
  reason: EndReason,
  exitCode: z.int().min(0).max(255).nullable(),
  /** A sentence of the runner's own on the reason; redacted. */
  detail: z.string().max(endDetailLengthMax).optional(),
  /** Redacted UTF-8, at most `outputBytesMax`. */
  output: z.string(),
  outputTruncated: z.boolean(),
  workspace: z.discriminatedUnion("state", [
    z.object({ state: z.literal("saved"), manifestSha256: sha256 }),
    z.object({ state: z.literal("unchanged") }),
    z.object({ state: z.literal("not_saved"), why: z.string().max(500) }),
  ]),
  eventsLastSequence: count.max(eventSequenceMax),
});
export type SettleRequest = z.infer<typeof SettleRequest>;

export const SettleReply = z.object({
  settled: z.literal(true),
  /** Paths that both sides changed; both versions are kept. */
  conflicts: z.array(z.string()),
});
