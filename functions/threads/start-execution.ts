import type { Owner } from "#shared/auth/owner";
import { budgetStatus } from "#shared/contract/budget";
import { iso, usd } from "#shared/contract/common";
import type { MessageCreate } from "#shared/contract/message-create";
import { type Account, type HoldResult, hold } from "#shared/core/account";
import { admits } from "#shared/core/admission";
import type { DeploymentLimits } from "#shared/core/deployment-limits";
import { ApiError } from "#shared/errors/api-error";
import { newExecution } from "#shared/executions/new-execution";
import { overheadMs } from "#shared/executions/timing";
import { StaleRead } from "#shared/store/change";
import { create, patch, type Write } from "#shared/store/documents";
import { type Execution, executions } from "#shared/store/executions";
import { messages, threads } from "#shared/store/threads";
import type { StartRead } from "./read-for-start.ts";

const previewLength = 200;

export interface Start {
  readonly owner: Owner;
  readonly keyId: string;
  readonly messageId: string;
  readonly limits: DeploymentLimits;
  readonly now: number;
}

export interface Started {
  readonly execution: Execution;
  readonly ticket: string;
  readonly account: Account;
  readonly writes: readonly Write[];
}

interface StartBasis {
  readonly body: MessageCreate;
  readonly data: StartRead & {
    readonly executionId: string;
    readonly requestSha256: string;
    readonly ticketSecret: string;
  };
  readonly account: Account;
}

/**
 * One commit takes the limit, holds the money, creates the execution, stores the message and marks
 * the thread. Pure. @throws {ApiError} 402, 409, 422 or 429, and then nothing of it has happened.
 */
export function startExecution(start: Start, basis: StartBasis): Started {
  const { owner, now, limits } = start;
  const { body, data } = basis;
  const { thread, environment } = data;
  const { execution, ticket } = newExecution(
    owner,
    { thread: thread.value, environment: environment.value, agent: data.agent },
    {
      content: body.content ?? body.task ?? "",
      model: body.agentConfig.model ?? null,
      instructions: body.agentConfig.instructions ?? null,
      environmentVariables: Object.entries(body.envVars).map(([key, value]) => ({ key, value })),
      sealedSecrets: data.sealedSecrets,
      setupScripts: body.setupScripts,
      internetAccess: body.internetAccess ?? null,
    },
    {
      id: data.executionId,
      messageId: start.messageId,
      keyId: start.keyId,
      requestSha256: data.requestSha256,
      ticketSecret: data.ticketSecret,
      wallClockMs: limits.wallClockMs,
      now,
    },
  );
  // The same Idempotency-Key, committed since its execution was looked for.
  if (basis.account.holds[execution.id]) throw new StaleRead();
  if (!admits(basis.account.admission, start.keyId)) {
    throw new ApiError("UNAUTHORIZED", { message: "The API key has been revoked." });
  }
  const held = hold(basis.account, {
    executionId: execution.id,
    keyId: start.keyId,
    amountMicrousd: execution.holdMicrousd,
    expiresAt: now + limits.timing.queuedMsMax + limits.wallClockMs + overheadMs,
    now,
    executions: limits.executions,
    concurrentMax: limits.concurrentMax,
  });
  if (!held.granted) throw refusal(held, { account: basis.account, limits, now });
  if (thread.value.executionId !== null) throw new ApiError("THREAD_BUSY");
  return { execution, ticket, account: held.account, writes: writesOf(start, execution, thread) };
}

function writesOf(
  start: Start,
  execution: Execution,
  thread: StartRead["thread"],
): readonly Write[] {
  const { owner, now, messageId } = start;
  const { content } = execution.task;
  const message = { v: 1 as const, id: messageId, role: "user" as const, content };
  const running = {
    status: "running" as const,
    executionId: execution.id,
    lastExecutionId: execution.id,
    startedAt: now,
    endedAt: null,
    lastMessageAt: now,
    lastMessagePreview: content.slice(0, previewLength),
    updatedAt: now,
  };
  const options = { increments: { messageCount: 1 }, version: thread.version };
  return [
    create(executions.of(owner, execution.id), execution),
    create(messages.of(owner, execution.threadId, messageId), {
      ...message,
      executionId: execution.id,
      createdAt: now,
    }),
    patch(threads.of(owner, execution.threadId), running, options),
  ];
}

/** The contract's bodies for 402 and 429, with what a client needs to decide when to come back. */
function refusal(
  held: Extract<HoldResult, { granted: false }>,
  known: { readonly account: Account; readonly limits: DeploymentLimits; readonly now: number },
): ApiError {
  const { account, limits, now } = known;
  if (held.refusal === "RATE_LIMITED") {
    const { max, windowMs } = limits.executions;
    const retryAfterS = Math.ceil(held.window.retryAfterMs / 1_000);
    const message = `A key starts at most ${max} executions per ${windowMs / 60_000} minutes.`;
    const headers = {
      "retry-after": String(retryAfterS),
      "ratelimit-limit": String(max),
      "ratelimit-remaining": "0",
      "ratelimit-reset": String(retryAfterS),
    };
    return new ApiError("RATE_LIMITED", { message, headers });
  }
  if (held.refusal === "CONCURRENCY_LIMITED") {
    const message = `At most ${limits.concurrentMax} executions of an account run at once.`;
    const details = { running: held.running, limit: limits.concurrentMax };
    return new ApiError("CONCURRENCY_LIMITED", {
      message,
      details,
      headers: { "retry-after": "5" },
    });
  }
  const { limitMicrousd, spentMicrousd, heldMicrousd, requiredMicrousd, resetsAt } = held.shortfall;
  const status = budgetStatus(account, now);
  const extras = {
    limit: limitMicrousd === null ? null : usd(limitMicrousd),
    spent: usd(spentMicrousd),
    held: usd(heldMicrousd),
    required: usd(requiredMicrousd),
    resetsAt: resetsAt === null ? null : iso(resetsAt),
    budgetStatus: status,
    currentBudget: status.balance,
  };
  return new ApiError(held.refusal, { extras, details: status });
}
