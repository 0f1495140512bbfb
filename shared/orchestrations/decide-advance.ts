/** Decides what becomes of a run next: what starts, what ends, and what it holds. Pure. */
import { deploymentLimits } from "../config.ts";
import { toJsonText } from "../contract/common.ts";
import { derivedId } from "../core/ids.ts";
import { admits, holds, holdsKey } from "../core/keys/admission.ts";
import type { Counted } from "../core/limits/owned-count.ts";
import { type Account, inPeriod } from "../core/money/account.ts";
import { releaseRun } from "../core/money/run-hold.ts";
import { cutText } from "../core/usable-text.ts";
import { ApiError } from "../errors/api-error.ts";
import { pauseReasonOf } from "../executions/pause-refusal.ts";
import { requestDigest } from "../executions/request-digest.ts";
import { type StartedThread, startOnNewThread } from "../executions/start-on-new-thread.ts";
import type { Owner } from "../identity/owner.ts";
import { type ActingKey, requireScopes, startScopes } from "../keys/acting-key.ts";
import type { agents } from "../store/agents.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { replace, type Write } from "../store/documents.ts";
import type { environments } from "../store/environments.ts";
import type { OrchestrationRun, orchestrationRuns } from "../store/orchestrations.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { endedRun, failing, isOver, openExecutions, refusedStep } from "./run-state.ts";
import { inputVariable, type StepInput } from "./step-input.ts";

/**
 * `started`: there may be more to start. `waits`: it is due again a little later. `gone`: there is
 * nothing to do any more.
 */
export type AdvanceOutcome = "started" | "waits" | "ended" | "gone";

/** What was read, and what a start would need. */
export interface AdvanceBasis {
  readonly found: FoundDocument<typeof orchestrationRuns.schema>;
  /** The run with what its executions have answered, and the places that may start. */
  readonly run: OrchestrationRun;
  readonly ready: readonly number[];
  /** Whether its orchestration is still there. */
  readonly exists: boolean;
  readonly acting: ActingKey | "held" | null;
  readonly environment: FoundDocument<typeof environments.schema> | null;
  /** What belongs to the first place that may start; a refusal says why it can't. */
  readonly agent: FoundDocument<typeof agents.schema> | null;
  readonly input: StepInput | ApiError | null;
  readonly counted: Counted | null;
  readonly ids: AdvanceIds;
}

/** What is random or sealed. */
interface AdvanceIds {
  readonly rowId: string;
  readonly messageId: string;
  readonly ticketSecret: string;
  readonly sealedDetails: string | null;
}

interface Advance {
  readonly owner: Owner;
  readonly basis: AdvanceBasis;
  readonly account: Account;
  readonly now: number;
}

export interface AdvanceDecision {
  readonly writes: readonly Write[];
  readonly account?: Account;
  readonly outcome: AdvanceOutcome;
  readonly started: StartedThread | null;
}

/** A run is looked at this often at first, and less often the longer nothing has changed. */
const pollMs = { least: 4_000, most: 15_000 };
/** When to look again at a run whose account, key or environment may come back. */
const heldMs = 60_000;

/** @throws {StaleRead} if the owner's threads must be counted first. */
export function decideAdvance(advance: Advance): AdvanceDecision {
  const { basis, account, now } = advance;
  const { run, ready } = basis;
  const why = whyFailing(advance);
  if (why !== null) return concluded(advance, failing(run, why));
  const [index] = ready;
  if (index === undefined) return concluded(advance, run);
  if (isHeld(basis, account)) return later(advance, run, now + heldMs);
  try {
    return started(advance, index);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    return refused(advance, { index, cause });
  }
}

/** What ends a run whatever its steps do; null if it goes on. */
function whyFailing({ basis, account, now }: Advance): string | null {
  const { run, acting, environment, exists } = basis;
  if (run.error !== null) return run.error;
  if (!exists) return "The orchestration was deleted.";
  if (acting === "held") return now >= run.deadlineAt ? "The run took longer than a day." : null;
  if (acting === null || !admits(account.admission, acting.key.id)) {
    return "The key that the run acts with has ended.";
  }
  if (environment === null) return "The orchestration's environment is gone.";
  if (now >= run.deadlineAt) return "The run took longer than a day.";
  return inPeriod(account, now).runs[run.id] ? null : "What was held for the run has ended.";
}

/** Whether an incident or a suspension stops it, which may end. */
function isHeld({ acting, run }: AdvanceBasis, account: Account): boolean {
  if (account.admission.suspendedAt !== null || holds(account, run.environmentId)) return true;
  return acting === "held" || (acting !== null && holdsKey(account, acting.key));
}

function later({ basis }: Advance, run: OrchestrationRun, dueAt: number): AdvanceDecision {
  const { ref, version } = basis.found;
  const waiting = { ...run, failures: 0, dueAt };
  return { writes: [replace(ref, version, waiting)], outcome: "waits", started: null };
}

/** The run ends if nothing of it is left; otherwise it waits for what runs. */
function concluded(advance: Advance, run: OrchestrationRun): AdvanceDecision {
  const { owner, basis, account, now } = advance;
  const { found, ids } = basis;
  if (!isOver(run)) return later(advance, run, now + waitMs(found.value, now));
  const { write, row, without } = endWrites(owner, { found, run, account, rowId: ids.rowId, now });
  return { writes: [write, row], account: without, outcome: "ended", started: null };
}

/** A quarter of the time since it began, so that long runs cost few reads. */
function waitMs({ createdAt }: OrchestrationRun, now: number): number {
  return Math.min(pollMs.most, Math.max(pollMs.least, (now - createdAt) / 4));
}

/** What the commit that ends a run consists of; what it held and didn't spend is free. */
export function endWrites(
  owner: Owner,
  ending: {
    readonly found: FoundDocument<typeof orchestrationRuns.schema>;
    readonly run: OrchestrationRun;
    readonly account: Account;
    readonly rowId: string;
    readonly now: number;
  },
) {
  const { found, account, rowId, now } = ending;
  const run = endedRun(ending.run, now);
  const facts = {
    outcome: run.status,
    orchestrationId: run.orchestrationId,
    executions: run.results.filter(({ executionId }) => executionId !== null).length,
    heldMicrousd: run.holdMicrousd,
    chargedMicrousd: run.chargedMicrousd,
  };
  const row = endedRow(owner, { rowId, runId: run.id, now, facts });
  const write = replace(found.ref, found.version, run);
  return { write, row, without: releaseRun(account, run.id) };
}

/** The row of the audit trail that says how a run ended. */
export function endedRow(
  owner: Owner,
  ended: {
    readonly rowId: string;
    readonly runId: string;
    readonly now: number;
    readonly facts: Readonly<Record<string, string | number>>;
  },
): Write {
  return auditEntry(owner, {
    id: ended.rowId,
    at: ended.now,
    actor: { type: "maintenance", id: "orchestrations" },
    action: "orchestration.ended",
    subject: ended.runId,
    requestId: ended.rowId,
    facts: ended.facts,
    sealedDetails: null,
  });
}

function started(advance: Advance, index: number): AdvanceDecision {
  const { owner, basis, now } = advance;
  const { found, ids, run } = basis;
  const { start, key } = startNow(advance, index);
  const { execution } = start;
  const places = { executionId: execution.id, threadId: execution.threadId };
  const results = run.results.map((result, other) =>
    other === index ? { ...result, ...places, status: "running" as const } : result,
  );
  const running = { ...run, results, status: "running" as const, waitingSince: null, failures: 0 };
  const row = auditEntry(owner, {
    id: ids.rowId,
    at: now,
    actor: { type: "key", id: key.id },
    action: "execution.started",
    subject: execution.id,
    requestId: ids.rowId,
    facts: { ...start.facts, orchestrationRunId: run.id },
    sealedDetails: ids.sealedDetails,
  });
  const moved = replace(found.ref, found.version, { ...running, dueAt: now + pollMs.least });
  const writes = [...start.writes, moved, row];
  return { writes, account: start.account, outcome: "started", started: start };
}

/**
 * A refusal that may pass is tried again as long as other steps of the run end meanwhile, and then
 * for a while; any other fails the step.
 */
function refused(
  advance: Advance,
  { index, cause }: { readonly index: number; readonly cause: ApiError },
): AdvanceDecision {
  const { basis, now } = advance;
  const { run, found } = basis;
  const { waitMsMax } = deploymentLimits().orchestrations;
  const waitingSince = openExecutions(run).length > 0 ? now : (found.value.waitingSince ?? now);
  if (pauseReasonOf(cause) === null && now - waitingSince < waitMsMax) {
    return later(advance, { ...run, waitingSince }, now + pollMs.least);
  }
  const { status, message } = cause;
  const sentence = status === 402 ? "What the run may cost leaves too little for it." : message;
  const next = failing(refusedStep(run, index, sentence), stepFailed(run, index, sentence));
  return concluded(advance, next);
}

function stepFailed({ steps, results }: OrchestrationRun, index: number, why: string): string {
  const name = steps.find(({ id }) => id === results[index]?.stepId)?.name ?? "";
  return `The step ${JSON.stringify(name)} can't start: ${why}`;
}

/** @throws {ApiError} why it doesn't start. @throws {StaleRead} to be read again. */
function startNow({ basis, account, now }: Advance, index: number) {
  const { run, acting, environment, agent, input, counted, ids } = basis;
  const result = run.results[index];
  const step = run.steps.find(({ id }) => id === result?.stepId);
  if (acting === null || acting === "held" || environment === null || !result || !step) {
    throw new ApiError("INTERNAL_ERROR", { cause: "a run without what it needs" });
  }
  const { key } = acting;
  requireScopes(key, startScopes);
  if (agent === null) throw new ApiError("NOT_FOUND", { message: "The step's agent is gone." });
  if (input === null || input instanceof ApiError) {
    throw input ?? new ApiError("INTERNAL_ERROR", { cause: "a step without its input" });
  }
  // The same place of a run has the same ids in every process, so it starts once.
  const place = [run.id, step.id, String(result.itemIndex)] as const;
  const item = result.itemIndex === null ? "" : ` ${result.itemIndex + 1}`;
  const start = startOnNewThread(
    { owner: acting.owner, key, messageId: ids.messageId, now },
    {
      content: input.content,
      envVars: { [inputVariable]: input.inputJson },
      title: cutText(`${run.name}: ${step.name}${item}`, 200),
      projectId: null,
      source: "orchestration",
      appId: null,
      metadataJson: toJsonText({ orchestrationRunId: run.id, stepId: step.id }),
      environment: environment.value,
      agent,
      threadId: derivedId("thread", ...place),
      executionId: derivedId("execution", ...place),
      requestSha256: requestDigest(["orchestration", ...place]),
      ticketSecret: ids.ticketSecret,
      run: { orchestrationId: run.orchestrationId, id: run.id },
      requestId: ids.rowId,
    },
    { account, counted },
  );
  return { start, key };
}
