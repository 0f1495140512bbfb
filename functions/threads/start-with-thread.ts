import { deploymentLimits } from "#shared/config";
import { MessageCreate } from "#shared/contract/message-create";
import type { ThreadCreate } from "#shared/contract/thread";
import type { Account } from "#shared/core/money/account";
import { unexecutedMessage } from "#shared/executions/new-thread";
import { type Started, startExecution, startedFacts } from "#shared/executions/start-execution";
import type { Callers, Context } from "#shared/pipeline/route";
import type { Write } from "#shared/store/documents";
import type { Environment } from "#shared/store/environments";
import type { Thread } from "#shared/store/threads";
import type { StartRead } from "./read-for-start.ts";

type Deciding = Context<"api-key", unknown, unknown, ThreadCreate> & {
  readonly caller: Callers["api-key"];
  readonly data: Pick<StartRead, "agent" | "wasDeleted"> & {
    readonly executionId: string;
    readonly requestSha256: string;
    readonly ticketSecret: string;
  };
};

export interface StartedThread extends Started {
  readonly thread: Thread;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** What the new thread executes at once; null if it stays empty. */
export function executedContent({ content, task, messages }: ThreadCreate): string | null {
  return content ?? task ?? messages?.at(-1)?.content ?? null;
}

/**
 * The execution of a thread that its commit makes. Pure.
 * @throws {ApiError} 402, 403, 409, 422 or 429; then there is no thread either.
 */
export function startWithThread(
  { caller, body, data, ids, now, request }: Deciding,
  {
    thread,
    environment,
    account,
  }: { readonly thread: Thread; readonly environment: Environment; readonly account: Account },
): StartedThread {
  const { owner, key } = caller;
  const content = executedContent(body) ?? "";
  const said = saidBefore(body, now).map((message) => ({ ...message, id: ids.next("message") }));
  const withHistory = { ...thread, messageCount: said.length };
  const start = { owner, key, messageId: ids.next("message"), limits: deploymentLimits(), now };
  const started = startExecution(start, {
    body: MessageCreate.parse({ content }),
    data: {
      ...data,
      sealedSecrets: [],
      thread: { value: withHistory, version: null },
      environment: { value: environment },
    },
    account,
  });
  const { execution } = started;
  const history: readonly Write[] = said.flatMap((one) => unexecutedMessage(owner, thread, one));
  return {
    ...started,
    writes: [...started.writes, ...history],
    thread: { ...withHistory, messageCount: said.length + 1, ...started.running },
    facts: startedFacts(execution, request.id),
  };
}

/** The messages before the last one, a millisecond apart, so that they are listed in order. */
function saidBefore({ messages = [] }: ThreadCreate, now: number) {
  const before = messages.slice(0, -1);
  return before.map(({ role, content }, index) => ({
    role,
    content,
    createdAt: now - before.length + index,
  }));
}
