import * as z from "zod";
import { iso, isoOrNull, noQuery, ok } from "#shared/contract/common";
import { threadStatuses } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { sweepIfOverdue } from "#shared/executions/sweep";
import { route } from "#shared/pipeline/route";
import { threads } from "#shared/store/threads";

const Status = z.object({
  id: z.string(),
  threadId: z.string(),
  status: z.enum(threadStatuses),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  duration: z.string().nullable(),
  updatedAt: z.string(),
});

export const getStatus = route({
  answers: "GET /v1/threads/:threadId/status",
  summary: "Whether a thread runs: cheap enough to poll.",
  authenticate: "api-key",
  scope: "threads:read",
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: Status },
  read: async ({ caller: { owner }, params: { threadId }, deps }) => {
    const ref = threads.of(owner, threadId);
    const { value } = await deps.store.require(ref);
    const { executionId } = value;
    const swept = executionId !== null && (await sweepIfOverdue(deps, owner, executionId));
    return swept ? (await deps.store.require(ref)).value : value;
  },
  decide({ data: thread, now }) {
    const { id, status, startedAt, endedAt, updatedAt } = thread;
    const durationMs = startedAt === null ? null : (endedAt ?? now) - startedAt;
    const body = {
      id,
      threadId: id,
      status,
      startedAt: isoOrNull(startedAt),
      completedAt: isoOrNull(endedAt),
      duration: durationMs === null ? null : `${(durationMs / 1_000).toFixed(1)}s`,
      updatedAt: iso(updatedAt),
    };
    return { writes: [], reply: ok(body) };
  },
});
