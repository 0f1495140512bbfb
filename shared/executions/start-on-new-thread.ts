import { deploymentLimits } from "../config.ts";
import { MessageCreate } from "../contract/message-create.ts";
import type { ExecutionSource } from "../core/executions/sources.ts";
import type { Counted } from "../core/limits/owned-count.ts";
import type { Account } from "../core/money/account.ts";
import { ApiError } from "../errors/api-error.ts";
import { withOneMoreOwned } from "../quotas/owned-resources.ts";
import type { agents } from "../store/agents.ts";
import type { Environment } from "../store/environments.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { Thread } from "../store/threads.ts";
import { newThread } from "./new-thread.ts";
import { type Start, type Started, startExecution, startedFacts } from "./start-execution.ts";

export interface NewThreadStart {
  readonly content: string;
  /** Variables that the sandbox gets besides its environment's. */
  readonly envVars?: Readonly<Record<string, string>>;
  readonly title: string;
  readonly source: ExecutionSource;
  readonly projectId: string | null;
  readonly appId: string | null;
  readonly metadataJson: string;
  readonly environment: Environment;
  readonly agent: FoundDocument<typeof agents.schema> | null;
  readonly threadId: string;
  readonly executionId: string;
  readonly requestSha256: string;
  readonly ticketSecret: string;
  /** The orchestration's run whose hold pays for it. */
  readonly run?: NonNullable<Thread["orchestrationRun"]>;
  /** The request, or what stands for one in the audit trail. */
  readonly requestId: string;
}

export interface StartedThread extends Started {
  readonly thread: Thread;
  /** What the audit row says of it. */
  readonly facts: ReturnType<typeof startedFacts>;
}

/**
 * Starts an execution in a thread that the same commit makes, for what starts without a client:
 * schedules, triggers and steps of orchestrations. Pure.
 * @throws {ApiError} 400, 402, 403, 409, 422 or 429; then there is no thread either.
 * @throws {StaleRead} if the owner's threads must be counted first.
 */
export function startOnNewThread(
  start: Omit<Start, "limits">,
  wanted: NewThreadStart,
  { account, counted }: { readonly account: Account; readonly counted: Counted | null },
): StartedThread {
  const { now } = start;
  const limits = deploymentLimits();
  const { environment, agent, threadId } = wanted;
  const counting = { kind: "threads", counted, quotas: limits.quotas } as const;
  const thread = newThread(
    {
      id: threadId,
      environmentId: environment.id,
      agentId: agent?.value.id ?? null,
      projectId: wanted.projectId,
      appId: wanted.appId,
      title: wanted.title,
      source: wanted.source,
      orchestrationRun: wanted.run ?? null,
      metadataJson: wanted.metadataJson,
    },
    now,
  );
  const started = startExecution(
    { ...start, limits },
    {
      body: messageOf(wanted),
      data: {
        thread: { value: thread, version: null },
        environment: { value: environment },
        agent,
        sealedSecrets: [],
        wasDeleted: false,
        executionId: wanted.executionId,
        requestSha256: wanted.requestSha256,
        ticketSecret: wanted.ticketSecret,
        runId: wanted.run?.id ?? null,
        source: wanted.source,
      },
      account: withOneMoreOwned(account, counting, now),
    },
  );
  return {
    ...started,
    thread: { ...thread, ...started.running, messageCount: 1 },
    facts: startedFacts(started.execution, wanted.requestId),
  };
}

/**
 * It was put together from what was stored, so this is no fault of a request's.
 * @throws {ApiError} `VALIDATION_FAILED` with what is wrong in its message.
 */
function messageOf({ content, envVars = {} }: NewThreadStart): MessageCreate {
  const parsed = MessageCreate.safeParse({ content, envVars });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const fault = issue ? `${issue.path.join(".")}: ${issue.message}` : "unknown";
  const message = `What it would run isn't a message that can be sent (${fault}).`;
  throw new ApiError("VALIDATION_FAILED", { message });
}
