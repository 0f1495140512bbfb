import type { MessageCreate } from "../contract/message-create.ts";
import { digestOf } from "../core/audit/canonical-bytes.ts";
import type { ExecutionSource } from "../core/executions/sources.ts";
import { holds } from "../core/keys/admission.ts";
import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import type { Account } from "../core/money/account.ts";
import { hold, type KeyCeilings } from "../core/money/hold.ts";
import { cutText } from "../core/usable-text.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { LimitState } from "../limits/sliding-counter.ts";
import type { agents } from "../store/agents.ts";
import { StaleRead } from "../store/change.ts";
import { requireExecutionRoom } from "../store/document-room.ts";
import { create, patch, present, type Version, type Write } from "../store/documents.ts";
import { type Environment, environments } from "../store/environments.ts";
import { type Execution, executions } from "../store/executions.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { indexMessage, indexTitle } from "../store/search-entries.ts";
import { messages, type Thread, threads } from "../store/threads.ts";
import { effectiveLimits, firstHoldRequest } from "./first-hold-request.ts";
import { newExecution } from "./new-execution.ts";
import { digestSalt, saltedDigest } from "./request-digest.ts";
import { startRefusal } from "./start-refusal.ts";
import { requireVariableRoom } from "./variable-room.ts";

const previewLength = 200;
const lastRunPrecisionMs = 60_000;

export interface Start {
  readonly owner: Owner;
  readonly key: KeyCeilings & { readonly id: string; readonly lineageId: string | null };
  readonly messageId: string;
  /** The deployment's limits; the account's own take precedence. */
  readonly limits: DeploymentLimits;
  readonly now: number;
}

/** What the trail says of a start; evidence of the execution is compared with the digests. */
export function startedFacts(
  { task, holdMicrousd, network, limits }: Execution,
  requestId: string,
) {
  return {
    model: task.model,
    taskDigest: saltedDigest(digestSalt(requestId), task.content),
    heldMicrousd: holdMicrousd,
    network: network.mode,
    networkSha256: digestOf(network),
    limitsSha256: digestOf(limits),
  };
}

export interface Started {
  readonly execution: Execution;
  readonly ticket: string;
  readonly account: Account;
  readonly writes: readonly Write[];
  /** What the thread shows from now on. */
  readonly running: Partial<Thread>;
  /** What is left of the key's executions. */
  readonly limit: LimitState;
}

type FoundAgent = FoundDocument<typeof agents.schema>;

interface StartBasis {
  readonly body: MessageCreate;
  readonly data: {
    readonly agent: FoundAgent | null;
    readonly sealedSecrets: Execution["sealedSecrets"];
    /** Whether an execution of this id was deleted; its id must not be used again. */
    readonly wasDeleted: boolean;
    /** Without a version, it is made together with the execution. */
    readonly thread: { readonly value: Thread; readonly version: Version | null };
    readonly environment: { readonly value: Environment };
    /** How many messages its commit deletes. */
    readonly cutCount?: number;
    /** Makes it another kind of execution than one of a message; see `as-build.ts`. */
    readonly adapt?: (execution: Execution) => Execution;
    readonly executionId: string;
    readonly requestSha256: string;
    readonly ticketSecret: string;
    /** The run whose hold pays for it; the balance does if there is none. */
    readonly runId?: string | null;
    /** What starts it; a request of a client by default. */
    readonly source?: ExecutionSource;
  };
  readonly account: Account;
}

/**
 * One commit takes the limit, holds the money, creates the execution, stores the message and marks
 * the thread. Pure. @throws {ApiError} 402, 409, 422 or 429; then none of it has happened.
 */
export function startExecution(start: Start, basis: StartBasis): Started {
  const { owner, key, now } = start;
  const { body, data, account } = basis;
  const { thread, environment } = data;
  const limits = effectiveLimits(start.limits, account);
  const { wallClockMs } = limits;
  const metered = { profile: environment.value.profile, wallClockMs };
  const asked = firstHoldRequest({ key, execution: metered, limits, now });
  const { execution: made, ticket } = newExecution(
    owner,
    { thread: thread.value, environment: environment.value, agent: data.agent?.value ?? null },
    {
      content: body.content ?? body.task ?? "",
      model: body.agentConfig.model ?? null,
      instructions: body.agentConfig.instructions ?? null,
      reasoningEffort: body.agentConfig.reasoningEffort ?? null,
      enabledSkills: body.enabledSkills ?? null,
      environmentVariables: Object.entries(body.envVars).map(([key, value]) => ({ key, value })),
      sealedSecrets: data.sealedSecrets,
      setupScripts: body.setupScripts,
      internetAccess: body.internetAccess ?? null,
      network: body.network ?? null,
      keepsChanges: body.persistFileChanges ?? true,
    },
    {
      id: data.executionId,
      messageId: start.messageId,
      keyId: key.id,
      keyLineageId: key.lineageId,
      requestSha256: data.requestSha256,
      ticketSecret: data.ticketSecret,
      wallClockMs,
      source: data.source ?? "api",
      holdMicrousd: asked.amountMicrousd,
      now,
    },
  );
  const execution = data.adapt?.(made) ?? made;
  requireVariableRoom([...execution.environmentVariables, ...body.secrets]);
  requireExecutionRoom(execution);
  if (holds(account, environment.value.id)) {
    const message = "The environment is held in an incident; nothing starts in it.";
    throw new ApiError("FORBIDDEN", { message });
  }
  // The same Idempotency-Key was committed after its execution was looked up.
  if (account.holds[execution.id]) throw new StaleRead();
  const held = hold(account, { ...asked, executionId: execution.id, runId: data.runId ?? null });
  if (!held.granted) throw startRefusal(held, { account, limits, now });
  if (data.wasDeleted) {
    const message = "That Idempotency-Key was used for a message that was deleted.";
    throw new ApiError("IDEMPOTENCY_CONFLICT", { message });
  }
  if (thread.value.executionId !== null) throw new ApiError("THREAD_BUSY");
  const { remaining, resetMs } = held.window;
  const running = runningFields(execution, now);
  return {
    execution,
    ticket,
    account: held.account,
    writes: [
      ...writesOf(start, { execution, thread, running, cutCount: data.cutCount ?? 0 }),
      ...ranNow(data.agent, now),
      // What its deletion has taken out of executions mustn't come back with a late one.
      present(environments.of(owner, environment.value.id), environment.value),
    ],
    running,
    limit: { limit: limits.executions.max, remaining, resetMs },
  };
}

/**
 * Written once a minute, because otherwise all executions of one agent would wait for its document.
 */
function ranNow(agent: FoundAgent | null, now: number): readonly Write[] {
  if (agent === null || now - (agent.value.lastRunAt ?? 0) < lastRunPrecisionMs) return [];
  return [patch(agent.ref, { lastRunAt: now }, { version: agent.version })];
}

function runningFields(execution: Execution, now: number): Partial<Thread> {
  return {
    status: "running" as const,
    archived: false,
    executionId: execution.id,
    lastExecutionId: execution.id,
    startedAt: now,
    endedAt: null,
    lastMessageAt: now,
    lastMessagePreview: cutText(execution.task.content, previewLength),
    updatedAt: now,
  };
}

interface Starting {
  readonly execution: Execution;
  readonly thread: StartBasis["data"]["thread"];
  readonly running: Partial<Thread>;
  readonly cutCount: number;
}

function writesOf(
  { owner, now, messageId }: Start,
  { execution, thread: { value: thread, version }, running, cutCount }: Starting,
): readonly Write[] {
  const { content } = execution.task;
  const message = { v: 1 as const, id: messageId, role: "user" as const, content };
  const ref = threads.of(owner, execution.threadId);
  const marked = version
    ? patch(ref, running, { increments: { messageCount: 1 - cutCount }, version })
    : create(ref, { ...thread, ...running, messageCount: thread.messageCount + 1 });
  const title = version || thread.title === null ? [] : [indexTitle(owner, thread)];
  return [
    create(executions.of(owner, execution.id), execution),
    create(messages.of(owner, execution.threadId, messageId), {
      ...message,
      executionId: execution.id,
      createdAt: now,
    }),
    indexMessage(owner, execution, { id: messageId, content, createdAt: now }),
    marked,
    ...title,
  ];
}
