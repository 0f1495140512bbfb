import * as z from "zod";
import { executionBody } from "#shared/answers/execution-body";
import { ok } from "#shared/contract/common";
import { cursorListBody, cursorListOf, cursorQuery, notBoth } from "#shared/contract/cursor";
import { ExecutionBody } from "#shared/contract/execution";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { executionsOfThread } from "#shared/store/executions";
import { readByCursor } from "#shared/store/read-by-cursor";
import { threads } from "#shared/store/threads";

export const listExecutions = query({
  endpoint: "GET /v1/threads/:threadId/executions",
  summary: "A thread's executions, newest first, with their state, money and timing.",
  ...ownedRead("threads:read"),
  params: z.object({ threadId: idSchema("thread") }),
  query: cursorQuery("execution").refine(...notBoth),
  reply: { 200: cursorListOf(ExecutionBody) },
  read: async ({ caller: { owner }, params: { threadId }, query, deps: { store } }) => {
    const where = [["threadId", threadId]] as const;
    const [, page] = await allInOrder([
      store.require(threads.of(owner, threadId)),
      readByCursor(store, executionsOfThread(owner), { ...query, where, order: "desc" }),
    ]);
    return page;
  },
  answer: ({ data }) => ok(cursorListBody(data, executionBody)),
});
