import * as z from "zod";
import type { Owner } from "../identity/owner.ts";
import { networkModes, profiles } from "../protocol/job.ts";
import {
  EgressAttempt,
  EgressEnd,
  type EgressEnding,
  type EgressRequest,
  EndReason,
  KeyValue,
  Limits,
  NetworkPolicy,
  RunnerEvent,
} from "../protocol/runner.ts";
import { create, ownedCollection, type Write } from "./documents.ts";

export const executionStatuses = ["queued", "running", "success", "failed", "cancelled"] as const;

/**
 * One run of one message. Everything it may do is frozen into it when it starts: later changes to
 * its environment, agent or key concern later executions.
 */
export const Execution = z.object({
  v: z.literal(1),
  id: z.string(),
  ownerId: z.string(),
  mode: z.enum(["production", "development"]),
  threadId: z.string(),
  environmentId: z.string(),
  /** Of its thread when it started. */
  agentId: z.string().nullable().default(null),
  projectId: z.string().nullable().default(null),
  keyId: z.string(),
  /** Under which id it counts for its key; null if the key is no other's successor. */
  keyLineageId: z.string().nullable().default(null),
  messageId: z.string(),
  status: z.enum(executionStatuses),
  /** Keyed, so that it gives nothing away: tells a repeated Idempotency-Key's body from another. */
  requestSha256: z.string(),
  task: z.object({ model: z.string(), instructions: z.string().nullable(), content: z.string() }),
  profile: z.enum(profiles),
  network: NetworkPolicy.extend({ job: z.enum(networkModes) }),
  limits: Limits,
  environmentVariables: z.array(KeyValue),
  secretKeys: z.array(z.string()),
  /** Secrets of this message alone, sealed to the environment's key. */
  sealedSecrets: z.array(
    z.object({
      key: z.string(),
      sealed: z.string(),
      /** Whose it is; those of an earlier release could have been moved into the environment. */
      of: z.enum(["environment", "execution"]).default("environment"),
    }),
  ),
  setupScripts: z.array(z.string()),
  baseManifestSha256: z.string().nullable(),
  /** What it starts from if that one can't be read. */
  basePreviousManifestSha256: z.string().nullable().default(null),

  /** Fencing: only the newest attempt may claim, only the one that claimed may settle. */
  attempt: z.int().min(1),
  ticketSha256: z.string(),
  ticketExpiresAt: z.int(),
  /** The Cloud Run execution of this attempt, once RunJob has answered. */
  jobExecution: z.string().nullable(),
  dispatchedAt: z.int().nullable(),
  /** Since when the platform has no room for it; null once a dispatch may have succeeded. */
  waitingSince: z.int().nullable().default(null),
  /** When its owner asked it to end while it ran; its runner hears of it and settles. */
  cancelRequestedAt: z.int().nullable().default(null),
  claimedAt: z.int().nullable(),
  /** Hash of what the runner that claimed it made up: an answer that was lost is given again. */
  claimantSha256: z.string().nullable().default(null),
  leaseExpiresAt: z.int().nullable(),
  /** When a sweep must look at it; null once it has ended. */
  sweepAt: z.int().nullable(),
  /** Until when somebody reads along, which is when events are worth sending often. */
  readerUntil: z.int(),

  holdMicrousd: z.int().min(0),
  chargedMicrousd: z.int().min(0).nullable(),
  reason: EndReason.nullable(),
  exitCode: z.int().nullable(),
  /** Why it ended, where a sentence tells more than the reason. */
  detail: z.string().nullable().default(null),
  output: z.string().nullable(),
  outputTruncated: z.boolean(),
  workspaceState: z.enum(["saved", "unchanged", "not_saved"]).nullable(),
  conflicts: z.array(z.string()),
  eventsLastSequence: z.int().min(0),
  createdAt: z.int(),
  endedAt: z.int().nullable(),
});
export type Execution = z.infer<typeof Execution>;

export const executions = ownedCollection(["executions"], Execution, "environmentId");

/**
 * A batch of events; its id is the first one's sequence number, so a repeated batch collides. One
 * without events takes the number after the last and closes the log: nothing follows it.
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
 * A batch of the egress log; its id is the first attempt's number, so a repeated one collides. One
 * without attempts only tells how many were cut.
 */
export const EgressBatch = z.object({
  v: z.literal(1),
  firstSequence: z.int().min(1),
  lastSequence: z.int().min(0),
  attempts: z.array(EgressAttempt),
  /** How its open attempts ended, by their number. */
  ends: z.record(z.string(), EgressEnd).optional(),
  /** As of this batch. */
  cut: z.int().min(0),
  expireAt: z.date(),
});
export type EgressBatch = z.infer<typeof EgressBatch>;

export const egressBatches = ownedCollection(["executions", "egress"], EgressBatch);

type NewEgress = Pick<EgressRequest, "attempts" | "firstSequence" | "cut">;

/** Stores a runner's attempts to reach others. */
export function addToEgressLog(
  owner: Owner,
  executionId: string,
  { attempts, firstSequence, cut, now }: NewEgress & { readonly now: number },
): Write {
  const lastSequence = attempts.at(-1)?.sequence ?? firstSequence - 1;
  const expireAt = new Date(now + eventsKeptMs);
  const ref = egressBatches.of(owner, executionId, eventBatchId(firstSequence));
  return create(ref, { v: 1, firstSequence, lastSequence, attempts, cut, expireAt });
}

/** Stores how attempts ended that one batch told of; there must be such a batch. */
export function endInEgressLog(
  owner: Owner,
  executionId: string,
  of: { readonly batch: number; readonly ends: readonly EgressEnding[] },
): Write {
  const { path } = egressBatches.of(owner, executionId, eventBatchId(of.batch));
  const fields = of.ends.map(({ batch: _batch, sequence, ...end }) => [`ends.${sequence}`, end]);
  const fixed = { increments: {}, version: null, mustExist: true } as const;
  return { op: "patch", path, fields: Object.fromEntries(fields), ...fixed };
}

/** Execution logs are kept 30 days. */
const eventsKeptMs = 30 * 86_400_000;

/** Stores `events` at their place in an execution's log; without any, closes it there. */
export function addToLog(
  owner: Owner,
  to: { readonly executionId: string; readonly firstSequence: number; readonly now: number },
  events: EventBatch["events"],
): Write {
  const { executionId, firstSequence, now } = to;
  const lastSequence = events.at(-1)?.sequence ?? firstSequence;
  const expireAt = new Date(now + eventsKeptMs);
  const ref = eventBatches.of(owner, executionId, eventBatchId(firstSequence));
  return create(ref, { v: 1, firstSequence, lastSequence, events, expireAt });
}

/** Sorts as text the way the numbers do. */
function eventBatchId(firstSequence: number): string {
  return String(firstSequence).padStart(12, "0");
}

const ends: readonly Execution["status"][] = ["success", "failed", "cancelled"];

export function hasEnded({ status }: Execution): boolean {
  return ends.includes(status);
}
