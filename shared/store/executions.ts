import * as z from "zod";
import { executionSources } from "../core/executions/sources.ts";
import { expiryOf } from "../core/retention/expiry.ts";
import type { Owner } from "../identity/owner.ts";
import { SecretBinding } from "../protocol/bound-secret.ts";
import { networkModes, profiles } from "../protocol/job.ts";
import { reasoningEfforts } from "../protocol/language-model.ts";
import {
  EgressAttempt,
  EgressEnd,
  type EgressEnding,
  type EgressRequest,
  EndReason,
  eventSequenceMax,
  KeyValue,
  Limits,
  NetworkPolicy,
  RunnerEvent,
} from "../protocol/runner.ts";
import { type CollectionRef, create, overwrite, ownedCollection, type Write } from "./documents.ts";
import { Layer } from "./environments.ts";

export const executionStatuses = ["queued", "running", "success", "failed", "cancelled"] as const;

/**
 * One run of one message. Everything that it may do is fixed at the start: later changes to its
 * environment, agent or key only affect later executions.
 */
export const Execution = z.object({
  v: z.literal(1),
  id: z.string(),
  ownerId: z.string(),
  mode: z.enum(["production", "development"]),
  threadId: z.string(),
  environmentId: z.string(),
  /** The thread's agent at the start. */
  agentId: z.string().nullable().default(null),
  projectId: z.string().nullable().default(null),
  source: z.enum(executionSources).default("api"),
  keyId: z.string(),
  /** The lineage that it counts under; null if its key wasn't rotated from another. */
  keyLineageId: z.string().nullable().default(null),
  messageId: z.string(),
  status: z.enum(executionStatuses),
  /**
   * Keyed digest of the request's body. It tells a repeated request from another one with the same
   * Idempotency-Key.
   */
  requestSha256: z.string(),
  task: z.object({
    model: z.string(),
    instructions: z.string().nullable(),
    content: z.string(),
    reasoningEffort: z.enum(reasoningEfforts).nullable().default(null),
    /** Ids or names; what they hold is read when it is claimed. */
    enabledSkills: z.array(z.string()).default([]),
  }),
  profile: z.enum(profiles),
  network: NetworkPolicy.extend({ job: z.enum(networkModes) }),
  limits: Limits,
  environmentVariables: z.array(KeyValue),
  secretKeys: z.array(z.string()),
  /** Secrets of this message only, sealed to the environment's key. */
  sealedSecrets: z.array(
    z.object({
      key: z.string(),
      sealed: z.string(),
      /** Whether the seal names the environment, as in an earlier release, or this execution. */
      of: z.enum(["environment", "execution"]).default("environment"),
      /** Set if the sandbox only holds a placeholder for it; the seal covers this, too. */
      binding: SecretBinding.nullable().default(null),
    }),
  ),
  setupScripts: z.array(z.string()),
  /** Set if it builds a layer of its environment, and then it works on no workspace. */
  build: z
    .object({
      hash: z.string(),
      /** Whether what it makes is thrown away. */
      isTest: z.boolean(),
      /** What executions that have the layer will find in their variables. */
      variables: z.array(KeyValue),
    })
    .nullable()
    .default(null),
  /** The layer that it finds in its sandbox; null if there was none at the start. */
  layer: Layer.pick({ hash: true, manifestSha256: true, restoreBytes: true })
    .nullable()
    .default(null),
  /** Whether the workspace keeps what it changes. */
  keepsChanges: z.boolean().default(true),
  baseManifestSha256: z.string().nullable(),
  /** The fallback if the base manifest can't be read. */
  basePreviousManifestSha256: z.string().nullable().default(null),

  /**
   * Only the newest attempt may claim the execution, and only the one that claimed may settle it.
   */
  attempt: z.int().min(1),
  ticketSha256: z.string(),
  ticketExpiresAt: z.int(),
  /** The Cloud Run execution of this attempt, once RunJob has answered. */
  jobExecution: z.string().nullable(),
  /** The image that the platform started, as it said; null if it said none. */
  image: z.string().nullable().default(null),
  dispatchedAt: z.int().nullable(),
  /** When the platform first had no capacity for it; null once a dispatch may have succeeded. */
  waitingSince: z.int().nullable().default(null),
  /**
   * When its owner asked to cancel it while it ran. The gateway tells its runner, which settles.
   */
  cancelRequestedAt: z.int().nullable().default(null),
  /** Whether its thread was deleted while it ran. Then its end writes no message. */
  threadDeleted: z.boolean().default(false),
  claimedAt: z.int().nullable(),
  /**
   * Hash of a value that the claiming runner made up, so that it can repeat a claim whose answer
   * was lost.
   */
  claimantSha256: z.string().nullable().default(null),
  /**
   * Whether its runner has stored objects. That proves that it worked, whatever it reports later.
   */
  hasStored: z.boolean().default(false),
  leaseExpiresAt: z.int().nullable(),
  /** When a sweep must check it; null once it has ended. */
  sweepAt: z.int().nullable(),
  /** A client is taken to be reading the stream until then, and events are sent more often. */
  readerUntil: z.int(),

  holdMicrousd: z.int().min(0),
  /** The part of the hold that is for model calls; their meter exists if it isn't zero. */
  modelHoldMicrousd: z.int().min(0).default(0),
  chargedMicrousd: z.int().min(0).nullable(),
  /** What model calls cost and took, known at the end. Input includes cached tokens. */
  modelCostMicrousd: z.int().min(0).default(0),
  inputTokens: z.int().min(0).default(0),
  outputTokens: z.int().min(0).default(0),
  reason: EndReason.nullable(),
  exitCode: z.int().nullable(),
  /** A sentence that says more than the reason; null if there is none. */
  detail: z.string().nullable().default(null),
  output: z.string().nullable(),
  outputTruncated: z.boolean(),
  workspaceState: z.enum(["saved", "unchanged", "not_saved"]).nullable(),
  /** The manifest of its environment that its files were saved in, merged with others' changes. */
  savedManifestSha256: z.string().nullable().default(null),
  conflicts: z.array(z.string()),
  eventsLastSequence: z.int().min(0),
  createdAt: z.int(),
  endedAt: z.int().nullable(),
});
export type Execution = z.infer<typeof Execution>;

export const executions = ownedCollection(["executions"], Execution, "environmentId");

/**
 * The executions of a thread that the caller may see, whatever their environment: it is the
 * thread's, so it needn't be looked at again.
 */
export function executionsOfThread(owner: Owner): CollectionRef<typeof Execution> {
  const { path, schema } = executions.all(owner);
  return { path, schema };
}

/**
 * The ids of executions that were deleted. An id derives from an Idempotency-Key, and ledger lines
 * derive from the id, so it must never be used again.
 */
export const deletedExecutions = ownedCollection(
  ["deletedExecutions"],
  z.object({ v: z.literal(1), deletedAt: z.int() }),
);

/**
 * A batch of events. Its id is its first sequence number, so a repeated batch collides. A batch
 * without events takes the number after the last one and closes the log.
 */
export const EventBatch = z.object({
  v: z.literal(1),
  firstSequence: z.int().min(1),
  lastSequence: z.int().min(1),
  events: z.array(RunnerEvent),
  expireAt: z.date(),
});
export type EventBatch = z.infer<typeof EventBatch>;

export const eventBatches = ownedCollection(["executions", "events"], EventBatch);

/**
 * A batch of the egress log. Its id is its first attempt's number, so a repeated batch collides. A
 * batch without attempts only says how many were left out.
 */
export const EgressBatch = z.object({
  v: z.literal(1),
  firstSequence: z.int().min(1),
  lastSequence: z.int().min(0),
  attempts: z.array(EgressAttempt),
  /** How its open attempts ended, by their number. */
  ends: z.record(z.string(), EgressEnd).optional(),
  /** How many attempts were left out so far. */
  cut: z.int().min(0),
  expireAt: z.date(),
});
export type EgressBatch = z.infer<typeof EgressBatch>;

export const egressBatches = ownedCollection(["executions", "egress"], EgressBatch);

type NewEgress = Pick<EgressRequest, "attempts" | "firstSequence" | "cut">;

/** The write that stores attempts that a runner reported. */
export function addToEgressLog(
  owner: Owner,
  executionId: string,
  { attempts, firstSequence, cut, now }: NewEgress & { readonly now: number },
): Write {
  const lastSequence = attempts.at(-1)?.sequence ?? firstSequence - 1;
  const expireAt = expiryOf("executionLogs", now);
  const ref = egressBatches.of(owner, executionId, eventBatchId(firstSequence));
  return create(ref, { v: 1, firstSequence, lastSequence, attempts, cut, expireAt });
}

/** The write that stores how attempts of an earlier batch ended; the batch must exist. */
export function endInEgressLog(
  owner: Owner,
  executionId: string,
  change: { readonly batch: number; readonly ends: readonly EgressEnding[] },
): Write {
  const { path } = egressBatches.of(owner, executionId, eventBatchId(change.batch));
  const fields = change.ends.map(({ batch: _batch, sequence, ...end }) => [
    `ends.${sequence}`,
    end,
  ]);
  const fixed = { increments: {}, version: null, mustExist: true } as const;
  return { op: "patch", path, fields: Object.fromEntries(fields), ...fixed };
}

/** The write that adds `events` to an execution's log. */
export function addToLog(
  owner: Owner,
  target: { readonly executionId: string; readonly firstSequence: number; readonly now: number },
  events: EventBatch["events"],
): Write {
  const { executionId, firstSequence, now } = target;
  const lastSequence = events.at(-1)?.sequence ?? firstSequence;
  const expireAt = expiryOf("executionLogs", now);
  const ref = eventBatches.of(owner, executionId, eventBatchId(firstSequence));
  return create(ref, { v: 1, firstSequence, lastSequence, events, expireAt });
}

/**
 * The write that closes an execution's log after its last event. It fails if another event was
 * stored there meanwhile. Past the highest number it overwrites. An earlier release, which had no
 * highest number, may have stored a batch there, and that must not keep the execution from ending.
 */
export function closeLog(
  owner: Owner,
  log: { readonly executionId: string; readonly lastSequence: number; readonly now: number },
): Write {
  const { executionId, lastSequence, now } = log;
  const place = Math.min(lastSequence, eventSequenceMax) + 1;
  const ref = eventBatches.of(owner, executionId, eventBatchId(place));
  const expireAt = expiryOf("executionLogs", now);
  const numbers = { firstSequence: place, lastSequence: place };
  const closing = { v: 1 as const, ...numbers, events: [], expireAt };
  return place > eventSequenceMax ? overwrite(ref, closing) : create(ref, closing);
}

/** Ids whose order as text is the order of the numbers. */
function eventBatchId(firstSequence: number): string {
  return String(firstSequence).padStart(12, "0");
}

const ends: readonly Execution["status"][] = ["success", "failed", "cancelled"];

export function hasEnded({ status }: Pick<Execution, "status">): boolean {
  return ends.includes(status);
}
