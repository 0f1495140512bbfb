import * as z from "zod";
import { threadBody } from "#shared/answers/thread-body";
import { noQuery, ok } from "#shared/contract/common";
import { ThreadBody } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { sweepIfOverdue } from "#shared/executions/sweep";
import { namesOfThreads } from "#shared/executions/thread-names";
import { route } from "#shared/pipeline/route";
import { messages, threads } from "#shared/store/threads";

/** The newest messages; the messages route pages through all of them. */
const messagesMax = 200;

export const getThread = route({
  answers: "GET /v1/threads/:threadId",
  summary: "One thread with its newest messages.",
  authenticate: "api-key",
  scope: "threads:read",
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: z.object({ thread: ThreadBody }) },
  read: async ({ caller: { owner }, params: { threadId }, deps }) => {
    const ref = threads.of(owner, threadId);
    const readAll = async () =>
      await Promise.all([
        deps.store.require(ref),
        deps.store.findFitting(messages.all(owner, threadId), {
          orderBy: [["createdAt", "desc"]],
          limit: messagesMax,
        }),
      ]);
    const [thread, newest] = await readAll();
    const { executionId } = thread.value;
    const swept = executionId !== null && (await sweepIfOverdue(deps, owner, executionId));
    const read = swept ? await readAll() : ([thread, newest] as const);
    return [
      ...read,
      (await namesOfThreads(deps.store, owner, [thread.value]))(thread.value),
    ] as const;
  },
  decide({ caller, data: [thread, newest, names] }) {
    const messages = newest.map(({ value }) => value).reverse();
    const body = threadBody(thread.value, { ...names, ownerId: caller.owner.id, messages });
    return { writes: [], reply: ok({ thread: body }) };
  },
});
