import * as z from "zod";
import { threadBody } from "#shared/answers/thread-body";
import { ok } from "#shared/contract/common";
import { ThreadBody } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { endOverdue } from "#shared/executions/sweep";
import { namesOfThreads } from "#shared/executions/thread-names";
import type { Owner } from "#shared/identity/owner";
import { ownedRead } from "#shared/pipeline/owned-route";
import { action } from "#shared/pipeline/route";
import { executions } from "#shared/store/executions";
import type { ReadStore } from "#shared/store/store";
import { messages, threads } from "#shared/store/threads";

/** The newest messages; the messages route pages through all of them. */
const messagesMax = 200;

export const getThread = action({
  endpoint: "GET /v1/threads/:threadId",
  summary: "Get a thread with its newest messages.",
  ...ownedRead("threads:read"),
  params: z.object({ threadId: idSchema("thread") }),
  neededToClose: true,
  reply: { 200: z.object({ thread: ThreadBody }) },
  beforeConfirmed: "reads",
  read: async ({ caller: { owner }, params: { threadId }, deps: { store } }) => {
    const found = await readThread(store, owner, threadId);
    const { value } = found.thread;
    const [running, names] = await allInOrder([
      value.executionId === null ? null : store.get(executions.of(owner, value.executionId)),
      namesOfThreads(store, owner, [value]),
    ]);
    return { ...found, running, names: names(value) };
  },
  perform: async ({ caller: { owner }, params: { threadId }, data, deps }) => {
    const isEnded = await endOverdue(deps, data.running);
    const { thread, newest } = isEnded ? await readThread(deps.store, owner, threadId) : data;
    const messages = newest.map(({ value }) => value).reverse();
    const body = threadBody(thread.value, { ...data.names, ownerId: owner.id, messages });
    return ok({ thread: body });
  },
});

async function readThread(store: ReadStore, owner: Owner, threadId: string) {
  const [thread, newest] = await allInOrder([
    store.require(threads.of(owner, threadId)),
    store.findFitting(messages.all(owner, threadId), {
      orderBy: [["createdAt", "desc"]],
      limit: messagesMax,
    }),
  ]);
  return { thread, newest };
}
