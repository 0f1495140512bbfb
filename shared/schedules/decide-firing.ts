/** Decides what becomes of a schedule that is due. Pure. */
import type { ExecutionStates } from "../answers/schedule-body.ts";
import { iso, toJsonText } from "../contract/common.ts";
import { derivedId } from "../core/ids.ts";
import { admits, holds, holdsKey } from "../core/keys/admission.ts";
import type { Counted } from "../core/limits/owned-count.ts";
import type { Account } from "../core/money/account.ts";
import type { DueRuns } from "../core/schedules/due-runs.ts";
import { ApiError } from "../errors/api-error.ts";
import { PauseRefusal, pauseReasonOf } from "../executions/pause-refusal.ts";
import { requestDigest } from "../executions/request-digest.ts";
import { type StartedThread, startOnNewThread } from "../executions/start-on-new-thread.ts";
import type { Owner } from "../identity/owner.ts";
import { type ActingKey, requireScopes, startScopes } from "../keys/acting-key.ts";
import type { agents } from "../store/agents.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { StaleRead } from "../store/change.ts";
import { patch, type Write } from "../store/documents.ts";
import type { environments } from "../store/environments.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { Schedule, schedules } from "../store/schedules.ts";
import { addRun, countedRuns, refusalFields } from "./run-records.ts";

/**
 * `waits`: it can't start now, and is due again a little later. `gone`: there is nothing to do any
 * more.
 */
export type FireOutcome = "started" | "missed" | "paused" | "refused" | "waits" | "gone";

/** What was read for the decision. */
export interface FiringBasis {
  readonly found: FoundDocument<typeof schedules.schema>;
  readonly due: DueRuns;
  /** Whether the time that runs now has run: a clock that went back makes it due again. */
  readonly hasRun: boolean;
  readonly acting: ActingKey | "held" | null;
  readonly environment: FoundDocument<typeof environments.schema> | null;
  readonly agent: FoundDocument<typeof agents.schema> | null;
  readonly states: ExecutionStates;
  readonly counted: Counted | null;
}

/** What is random or sealed; a decision that is repeated uses the same again. */
export interface FiringIds {
  readonly rowId: string;
  readonly missedId: string;
  readonly messageId: string;
  readonly ticketSecret: string;
  readonly sealedDetails: string | null;
}

interface Firing {
  readonly owner: Owner;
  readonly basis: FiringBasis;
  readonly account: Account;
  readonly ids: FiringIds;
  readonly now: number;
}

export interface FiringDecision {
  readonly writes: readonly Write[];
  readonly account?: Account;
  readonly outcome: FireOutcome;
  readonly started: StartedThread | null;
}

/** For so long a start that is refused for a while is tried again; then its run is refused. */
const retryMs = 15 * 60_000;
/** When to look again at a schedule whose account, key or environment may come back. */
const heldMs = 10 * 60_000;

/** @throws {StaleRead} if the owner's threads must be counted first. */
export function decideFiring(firing: Firing): FiringDecision {
  const { basis, now } = firing;
  const { due } = basis;
  if (isHeld(firing)) {
    return { writes: [moved(basis, { dueAt: now + heldMs })], outcome: "waits", started: null };
  }
  const isOver = due.next === null;
  const next = { nextRunAt: due.next, dueAt: due.next, ...(isOver ? { enabled: false } : {}) };
  const missed = missedWrites(firing);
  if (due.run === null) {
    return { writes: [...missed, moved(basis, next)], outcome: "missed", started: null };
  }
  if (basis.hasRun) {
    return { writes: [...missed, moved(basis, next)], outcome: "gone", started: null };
  }
  try {
    return started(firing, { run: due.run, missed, next });
  } catch (cause) {
    return refused(firing, { cause: refusalIn(cause, now - due.run), run: due.run, missed, next });
  }
}

/** Whether an incident or a suspension stops it, which may end. */
function isHeld({ basis, account }: Firing): boolean {
  const { acting, found } = basis;
  if (account.admission.suspendedAt !== null || holds(account, found.value.environmentId)) {
    return true;
  }
  return acting === "held" || (acting !== null && holdsKey(account, acting.key));
}

interface Moving {
  readonly run: number;
  readonly missed: readonly Write[];
  readonly next: Partial<Schedule>;
}

function started(firing: Firing, { run, missed, next }: Moving): FiringDecision {
  const { owner, basis, ids, now } = firing;
  const { value } = basis.found;
  const { key, fromKeyId: keyId, ...start } = startNow(firing, run);
  const { execution } = start;
  const record = {
    ...{ ...runOf(value.id, run), status: "started" as const, createdAt: now },
    ...{ threadId: execution.threadId, executionId: execution.id },
  };
  const counted = countedRuns(value, basis.states, { executionId: execution.id, now });
  const row = auditEntry(owner, {
    id: ids.rowId,
    at: now,
    actor: { type: "key", id: key.id },
    action: "execution.started",
    subject: execution.id,
    requestId: ids.rowId,
    facts: { ...start.facts, scheduleId: value.id },
    sealedDetails: ids.sealedDetails,
  });
  const moving = moved(basis, { ...next, ...counted, keyId });
  const writes = [...missed, ...start.writes, addRun(owner, value.id, record), moving, row];
  return { writes, account: start.account, outcome: "started", started: start };
}

/**
 * What nobody expected is thrown, and so logged, as long as a start is tried again; then it is a
 * refusal, so that the schedule goes on.
 */
function refusalIn(cause: unknown, lateMs: number): ApiError {
  if (cause instanceof ApiError) return cause;
  if (cause instanceof StaleRead || lateMs < retryMs) throw cause;
  return new ApiError("INTERNAL_ERROR", { cause });
}

function refused(
  { owner, basis, ids, now }: Firing,
  { cause, run, missed, next }: Moving & { readonly cause: ApiError },
): FiringDecision {
  const { value } = basis.found;
  const pausedReason = pauseReasonOf(cause);
  if (pausedReason === null && now - run < retryMs) {
    return { writes: [], outcome: "waits", started: null };
  }
  const record = { ...runOf(value.id, run), ...refusalFields(cause), createdAt: now };
  const recorded = [...missed, addRun(owner, value.id, record)];
  if (pausedReason === null) {
    return { writes: [...recorded, moved(basis, next)], outcome: "refused", started: null };
  }
  const paused = moved(basis, { enabled: false, pausedReason, nextRunAt: null, dueAt: null });
  const row = auditEntry(owner, {
    id: ids.rowId,
    at: now,
    actor: { type: "maintenance", id: "schedules" },
    action: "schedule.paused",
    subject: value.id,
    requestId: ids.rowId,
    facts: { reason: pausedReason, code: cause.code },
    sealedDetails: null,
  });
  return { writes: [...recorded, paused, row], outcome: "paused", started: null };
}

function moved({ found: { ref, version } }: FiringBasis, fields: Partial<Schedule>): Write {
  return patch(ref, fields, { version });
}

/** The same time of a schedule has the same id in every process. */
export function runIdOf(scheduleId: string, scheduledFor: number): string {
  return derivedId("scheduleRun", scheduleId, String(scheduledFor));
}

function runOf(scheduleId: string, scheduledFor: number) {
  return { id: runIdOf(scheduleId, scheduledFor), cause: "schedule", scheduledFor } as const;
}

function missedWrites({ owner, basis, ids, now }: Firing): readonly Write[] {
  const { due, found } = basis;
  if (due.missed === null) return [];
  const { first, last, count } = due.missed;
  const times = { scheduledFor: first, lastScheduledFor: last, count, createdAt: now };
  const run = { id: ids.missedId, status: "missed", cause: "schedule", ...times } as const;
  return [addRun(owner, found.value.id, run)];
}

/** @throws {ApiError} the reason why it doesn't start. @throws {StaleRead} to be read again. */
function startNow({ basis, account, ids, now }: Firing, run: number) {
  const { acting, environment, agent, counted } = basis;
  const { value } = basis.found;
  if (acting === null || acting === "held" || !admits(account.admission, acting.key.id)) {
    throw new PauseRefusal("key", "The key that the schedule acts with has ended.");
  }
  const { key, fromKeyId } = acting;
  requireScopes(key, startScopes);
  if (environment === null) {
    throw new PauseRefusal("environment", "The schedule's environment is gone.");
  }
  if (value.agentId !== null && agent === null) {
    throw new PauseRefusal("agent", "The schedule's agent is gone.");
  }
  const start = startOnNewThread(
    { owner: acting.owner, key, messageId: ids.messageId, now },
    {
      content: value.task,
      title: value.name,
      source: "schedule",
      projectId: value.projectId,
      appId: value.appId,
      metadataJson: toJsonText({ scheduleId: value.id, scheduledFor: iso(run) }),
      environment: environment.value,
      agent,
      threadId: derivedId("thread", value.id, String(run)),
      executionId: derivedId("execution", value.id, String(run)),
      requestSha256: requestDigest(["schedule", value.id, run]),
      ticketSecret: ids.ticketSecret,
      requestId: ids.rowId,
    },
    { account, counted },
  );
  return { ...start, key, fromKeyId };
}
