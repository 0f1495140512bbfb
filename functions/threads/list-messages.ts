import * as z from "zod";
import { messageBody } from "#shared/answers/thread-body";
import { ok } from "#shared/contract/common";
import { cursorListBody, cursorListOf, cursorQuery, notBoth } from "#shared/contract/cursor";
import { MessageBody } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { readByCursor } from "#shared/store/read-by-cursor";
import { messages, threads } from "#shared/store/threads";

export const listMessages = query({
  endpoint: "GET /v1/threads/:threadId/messages",
  summary: "A thread's messages, oldest first unless order=desc.",
  ...ownedRead("threads:read"),
  params: z.object({ threadId: idSchema("thread") }),
  query: cursorQuery("message")
    .extend({ order: z.enum(["asc", "desc"]).default("asc") })
    .refine(...notBoth),
  reply: { 200: cursorListOf(MessageBody) },
  read: async ({ caller: { owner }, params: { threadId }, query, deps }) => {
    const [, found] = await allInOrder([
      deps.store.require(threads.of(owner, threadId)),
      readByCursor(deps.store, messages.all(owner, threadId), query),
    ]);
    return found;
  },
  answer: ({ params: { threadId }, data }) =>
    ok(cursorListBody(data, (message) => messageBody(message, threadId))),
});
