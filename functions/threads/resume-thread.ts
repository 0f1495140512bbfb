import * as z from "zod";
import { threadBody } from "#shared/answers/thread-body";
import { noQuery, ok } from "#shared/contract/common";
import { ThreadBody } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { resumeExecution } from "#shared/executions/sweep";
import { namesOfThreads } from "#shared/executions/thread-names";
import { action, jsonBytesMax } from "#shared/pipeline/route";
import { executions } from "#shared/store/executions";
import { threads } from "#shared/store/threads";

/**
 * An action, because what it may write is what a sweep writes: the end of an execution whose runner
 * fell silent, or the dispatch of one whose start failed.
 */
export const resumeThread = action({
  endpoint: "POST /v1/threads/:threadId/resume",
  summary: "Make a thread usable: end an execution that fell silent, dispatch a lost one again.",
  authenticate: "api-key",
  scope: "execute",
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  reply: { 200: z.object({ thread: ThreadBody }) },
  beforeConfirmed: "reads",
  read: async ({ caller: { owner }, params: { threadId }, deps: { store } }) => {
    const thread = await store.require(threads.of(owner, threadId));
    const { executionId } = thread.value;
    const [running, names] = await allInOrder([
      executionId === null ? null : store.get(executions.of(owner, executionId)),
      namesOfThreads(store, owner, [thread.value]),
    ]);
    return { thread, running, names: names(thread.value) };
  },
  perform: async ({ caller: { owner }, data: { thread, running, names }, deps }) => {
    const isChanged = await resumeExecution(deps, running);
    const { value } = isChanged ? await deps.store.require(thread.ref) : thread;
    return ok({ thread: threadBody(value, { ...names, ownerId: owner.id }) });
  },
});
