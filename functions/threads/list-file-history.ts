import * as z from "zod";
import { iso, listBody, ok, PageQuery } from "#shared/contract/common";
import { FileHistory } from "#shared/contract/thread-steps";
import { idSchema } from "#shared/core/ids";
import { query } from "#shared/pipeline/route";
import { threads } from "#shared/store/threads";
import { changesOfThread } from "./read-changes.ts";
import { describedItem, eventStepId, eventTypeOf } from "./step-body.ts";

export const listFileHistory = query({
  endpoint: "GET /v1/threads/:threadId/files/history",
  summary: "When a thread's executions changed a file, newest first.",
  authenticate: "api-key",
  scope: "threads:read",
  params: z.object({ threadId: idSchema("thread") }),
  query: PageQuery.extend({
    path: z.string().min(1).max(4_096),
    limit: PageQuery.shape.limit.default(100),
  }),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: FileHistory },
  read: async ({ caller: { owner }, params: { threadId }, deps: { store }, now }) => {
    await store.require(threads.of(owner, threadId));
    return await changesOfThread(store, owner, { threadId, now });
  },
  answer({ params: { threadId }, query: { path, ...page }, data: { changes, complete } }) {
    const all = changes.filter(({ change }) => change.path === path).toReversed();
    const shown = all.slice(page.offset, page.offset + page.limit);
    const entries = shown.map(({ executionId, number, happenedAt, change }) => ({
      ...{ threadId, path, changedPath: path, stepId: eventStepId(executionId, number) },
      ...{ sequence: null, snapshotBeforeId: null, snapshotAfterId: null },
      title: describedItem(change),
      eventType: eventTypeOf(change),
      changeKind: change.changeKind,
      createdAt: iso(happenedAt),
    }));
    return ok({ ...listBody(entries, { ...page, total: all.length }), path, threadId, complete });
  },
});
