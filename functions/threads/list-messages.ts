import * as z from "zod";
import { messageBody } from "#shared/answers/thread-body";
import { listBody, listOf, ok, PageQuery } from "#shared/contract/common";
import { MessageBody } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { query } from "#shared/pipeline/route";
import { messages, threads } from "#shared/store/threads";

export const listMessages = query({
  endpoint: "GET /v1/threads/:threadId/messages",
  summary: "A thread's messages, oldest first unless order=desc.",
  authenticate: "api-key",
  scope: "threads:read",
  params: z.object({ threadId: idSchema("thread") }),
  query: PageQuery.extend({ order: z.enum(["asc", "desc"]).default("asc") }),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: listOf(MessageBody) },
  read: async ({ caller: { owner }, params: { threadId }, query, deps }) => {
    const { limit, offset, order } = query;
    const page = { orderBy: [["createdAt", order]] as const, limit, offset };
    const [, found] = await Promise.all([
      deps.store.require(threads.of(owner, threadId)),
      deps.store.page(messages.all(owner, threadId), page),
    ]);
    return found;
  },
  answer({ params: { threadId }, query, data }) {
    const bodies = data.items.map((message) => messageBody(message, threadId));
    return ok(listBody(bodies, { ...query, total: data.total }));
  },
});
