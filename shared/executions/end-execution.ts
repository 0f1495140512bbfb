/**
 * Decides everything that changes when an execution ends, for any reason: money, ledger, message,
 * thread and log. Pure. Settling, cancelling and sweeping commit it, each with its own audit row.
 */
import { assert } from "../core/assert.ts";
import { derivedId } from "../core/ids.ts";
import type { Account } from "../core/money/account.ts";
import { closeMeter, inputTokensOf } from "../core/money/model-meter.ts";
import { computeCostMicrousd, executionCostMicrousd } from "../core/money/pricing.ts";
import { type ChargedDays, type Settlement, settle, settleLate } from "../core/money/settle.ts";
import { redactedMark } from "../core/redaction/redaction.ts";
import { cutText } from "../core/usable-text.ts";
import type { Owner } from "../identity/owner.ts";
import { type EndReason, eventSequenceMax } from "../protocol/runner.ts";
import { create, patch, replace, type Version, type Write } from "../store/documents.ts";
import { closeLog, type Execution, executions } from "../store/executions.ts";
import type { FoundMeter } from "../store/model-meters.ts";
import { type LedgerEntry, ledger } from "../store/owners.ts";
import { indexMessage } from "../store/search-entries.ts";
import { messages, threads } from "../store/threads.ts";
import { answerText } from "./event-bodies.ts";

export interface End {
  readonly outcome: "success" | "failed" | "cancelled";
  readonly reason: EndReason;
  readonly exitCode: number | null;
  /** A sentence that says more than the reason; null if there is none. */
  readonly detail: string | null;
  readonly output: string;
  readonly outputTruncated: boolean;
  readonly workspaceState: "saved" | "unchanged" | "not_saved" | null;
  /** The manifest that the environment has from now on, if files were saved. */
  readonly savedManifestSha256?: string | null;
  readonly conflicts: readonly string[];
  /** The log is closed after this event; the commit fails if a later event was stored meanwhile. */
  readonly eventsLastSequence: number;
  /** What its time cost; null if that is unknown, and then all that was held for it (BUD-6). */
  readonly costMicrousd: number | null;
  readonly now: number;
}

export interface Ended {
  readonly execution: Execution;
  readonly account: Account;
  readonly writes: readonly Write[];
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
}

const previewLength = 200;
const threadStatus = { success: "completed", failed: "failed", cancelled: "cancelled" } as const;

/** The cost of a claimed execution until `now`, by our clock and not by its runner's. */
export function measuredCostMicrousd(execution: Execution, now: number): number {
  const { claimedAt, profile, limits } = execution;
  const elapsedMs = claimedAt === null ? 0 : Math.max(0, now - claimedAt);
  return computeCostMicrousd(profile, Math.min(elapsedMs, limits.wallClockMs));
}

/**
 * Like `measuredCostMicrousd`, but at least the minimum charge for starting a container. The
 * minimum never exceeds the hold, so that a small hold causes no loss.
 */
export function chargeableCostMicrousd(execution: Execution, now: number): number {
  const { profile, limits } = execution;
  const least = executionCostMicrousd({ profile, wallClockMs: limits.wallClockMs }, 0);
  const heldMicrousd = timeHoldMicrousd(execution);
  return Math.max(measuredCostMicrousd(execution, now), Math.min(least, heldMicrousd));
}

/** The part of the hold that pays for the execution's time. */
function timeHoldMicrousd({ holdMicrousd, modelHoldMicrousd }: Execution): number {
  return holdMicrousd - modelHoldMicrousd;
}

/**
 * Whether a container was started at the owner's expense. It is false while the platform has no
 * room, and for later attempts, which replace one that failed through no fault of the owner.
 */
export function hasAskedForJob({ attempt, waitingSince }: Execution): boolean {
  return attempt === 1 && waitingSince === null;
}

/** What is read before an execution is ended. */
export interface Ending {
  readonly execution: Execution;
  readonly version: Version;
  readonly account: Account;
  /** What `readMeter` found. */
  readonly meter: FoundMeter | null;
}

export function endExecution(owner: Owner, before: Ending, end: End): Ended {
  const { execution, version } = before;
  assert(before.meter !== null || execution.modelHoldMicrousd === 0, "the meter was read");
  const meter = before.meter && closeMeter(before.meter.value, end.now);
  const modelCostMicrousd = meter?.chargedMicrousd ?? 0;
  const timeCostMicrousd = end.costMicrousd ?? timeHoldMicrousd(execution);
  const costMicrousd = timeCostMicrousd + modelCostMicrousd;
  const money = settledMoney(before.account, execution, { costMicrousd, now: end.now });
  const inputTokens = meter ? inputTokensOf(meter.tokens) : 0;
  const outputTokens = meter?.tokens.outputTokens ?? 0;
  const { heldMicrousd, chargedMicrousd, releasedMicrousd, lossMicrousd } = money;
  const ended: Execution = {
    ...execution,
    // No runner is given them any more, and they may quote messages that are deleted one day: the
    // payload of a delivery, the answers of earlier steps.
    environmentVariables: [],
    sealedSecrets: [],
    status: end.outcome,
    reason: end.reason,
    exitCode: end.exitCode,
    detail: end.detail,
    output: end.output,
    outputTruncated: end.outputTruncated,
    workspaceState: end.workspaceState,
    savedManifestSha256: end.savedManifestSha256 ?? null,
    conflicts: [...end.conflicts],
    eventsLastSequence: Math.min(end.eventsLastSequence, eventSequenceMax),
    holdMicrousd: heldMicrousd === 0 ? execution.holdMicrousd : heldMicrousd,
    chargedMicrousd,
    modelCostMicrousd,
    inputTokens,
    outputTokens,
    sweepAt: null,
    endedAt: end.now,
  };
  const modelMicrousd = Math.min(modelCostMicrousd, chargedMicrousd);
  const cacheTokens = meter?.tokens.cacheReadTokens ?? 0;
  const used = { modelMicrousd, inputTokens, cacheTokens, outputTokens };
  const line = { ...money, used, modelCalls: meter?.callCount ?? 0, now: end.now };
  return {
    execution: ended,
    account: money.account,
    writes: [
      replace(executions.of(owner, execution.id), version, ended),
      ...(before.meter && meter ? [replace(before.meter.ref, before.meter.version, meter)] : []),
      ...ledgerLines(owner, execution, line),
      ...(execution.threadDeleted ? [] : conversation(owner, ended, end)),
      closedLog(owner, ended, end.now),
    ],
    facts: {
      outcome: end.outcome,
      reason: end.reason,
      heldMicrousd,
      chargedMicrousd,
      releasedMicrousd,
      lossMicrousd,
      // Null if it never ran.
      durationMs: execution.claimedAt === null ? null : end.now - execution.claimedAt,
      modelCalls: meter?.callCount ?? 0,
      modelCostMicrousd,
      inputTokens,
      outputTokens,
      workspace: end.workspaceState,
      manifestSha256: ended.savedManifestSha256,
      redactions: end.output.split(redactedMark).length - 1,
    },
  };
}

/**
 * Settles the hold. If the hold has expired, long after the execution could still run, the charge
 * is a late one.
 */
function settledMoney(
  account: Account,
  execution: Execution,
  end: { readonly costMicrousd: number; readonly now: number },
): Settlement {
  const { id, keyId, keyLineageId: lineageId, holdMicrousd: wasHeldMicrousd } = execution;
  const { costMicrousd, now } = end;
  const inTime = settle(account, { id, costMicrousd, now });
  return inTime ?? settleLate(account, { keyId, lineageId, costMicrousd, wasHeldMicrousd, now });
}

/** What a line that isn't a charge says of model calls. */
const unused = { modelMicrousd: 0, inputTokens: 0, cacheTokens: 0, outputTokens: 0 };

/** A line's id is derived from execution and attempt, so a second settlement would collide. */
function ledgerLines(
  owner: Owner,
  execution: Execution,
  line: Settlement & {
    readonly used: Pick<LedgerEntry, keyof typeof unused>;
    readonly modelCalls: number;
    readonly now: number;
  },
): readonly Write[] {
  const {
    id: executionId,
    threadId,
    keyId,
    profile,
    environmentId,
    agentId,
    projectId,
    source,
  } = execution;
  const { modelCalls } = line;
  const spentOn = { environmentId, agentId, projectId, source, model: execution.task.model };
  const of = (
    type: "charge" | "loss",
    amounts: Pick<LedgerEntry, "amountMicrousd" | "lossMicrousd" | keyof typeof unused> & {
      readonly days: ChargedDays;
    },
  ) => {
    const id = derivedId("ledgerEntry", executionId, String(execution.attempt), type);
    const spent = `Compute time, ${profile}${modelCalls === 0 ? "" : "; model calls"}`;
    const description = type === "charge" ? spent : "Cost beyond the hold";
    const spentBy = { executionId, threadId, keyId, keyLineageId: line.countedFor };
    const rest = { ...spentBy, ...spentOn, description, createdAt: line.now };
    return create(ledger.of(owner, id), { v: 1, id, type, ...amounts, ...rest });
  };
  const { chargedMicrousd, chargedDays: days, lossMicrousd } = line;
  const amountMicrousd = 0 - chargedMicrousd;
  const charge = of("charge", { amountMicrousd, lossMicrousd: 0, days, ...line.used });
  if (lossMicrousd === 0) return [charge];
  return [charge, of("loss", { amountMicrousd: 0, lossMicrousd, days: {}, ...unused })];
}

/**
 * Closes the log in the same commit, so that readers of the stream find the end after its events.
 */
function closedLog(owner: Owner, ended: Execution, now: number): Write {
  const { id: executionId, eventsLastSequence } = ended;
  return closeLog(owner, { executionId, lastSequence: eventsLastSequence, now });
}

function conversation(owner: Owner, ended: Execution, end: End): readonly Write[] {
  const { id: executionId, threadId } = ended;
  const id = derivedId("message", executionId, "assistant");
  const content = answerText(ended);
  const message = { v: 1 as const, id, role: "assistant" as const, content };
  const fields = {
    status: threadStatus[end.outcome],
    executionId: null,
    endedAt: end.now,
    lastMessageAt: end.now,
    lastMessagePreview: cutText(content, previewLength),
    updatedAt: end.now,
  };
  const computeMs = ended.claimedAt === null ? 0 : end.now - ended.claimedAt;
  const { chargedMicrousd, inputTokens, outputTokens } = ended;
  const costMicrousd = chargedMicrousd ?? 0;
  const modelCostMicrousd = Math.min(ended.modelCostMicrousd, costMicrousd);
  const timeCostMicrousd = costMicrousd - modelCostMicrousd;
  const cost = { costMicrousd, modelCostMicrousd, timeCostMicrousd };
  const increments = { messageCount: 1, inputTokens, outputTokens, ...cost, computeMs };
  return [
    create(messages.of(owner, threadId, id), { ...message, executionId, createdAt: end.now }),
    indexMessage(owner, ended, { id, content, createdAt: end.now }),
    patch(threads.of(owner, threadId), fields, { increments }),
  ];
}
