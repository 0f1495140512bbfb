import * as z from "zod";
import { shownStatus } from "#shared/answers/thread-body";
import { iso, isoOrNull, ok } from "#shared/contract/common";
import { shownStatuses } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { endOverdue } from "#shared/executions/sweep";
import { ownedRead } from "#shared/pipeline/owned-route";
import { action } from "#shared/pipeline/route";
import { executions } from "#shared/store/executions";
import { type Thread, threads } from "#shared/store/threads";

const Status = z.object({
  id: z.string(),
  threadId: z.string(),
  status: z.enum(shownStatuses),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  duration: z.string().nullable(),
  updatedAt: z.string(),
});

export const getStatus = action({
  endpoint: "GET /v1/threads/:threadId/status",
  summary: "Whether a thread runs: cheap enough to poll.",
  ...ownedRead("threads:read"),
  params: z.object({ threadId: idSchema("thread") }),
  neededToClose: true,
  reply: { 200: Status },
  beforeConfirmed: "reads",
  read: async ({ caller: { owner }, params: { threadId }, deps }) => {
    const thread = await deps.store.require(threads.of(owner, threadId));
    const { executionId } = thread.value;
    const running =
      executionId === null ? null : await deps.store.get(executions.of(owner, executionId));
    return { thread, running };
  },
  perform: async ({ data: { thread, running }, deps, now }) => {
    const isEnded = await endOverdue(deps, running);
    const { value } = isEnded ? await deps.store.require(thread.ref) : thread;
    const { id, startedAt, endedAt, updatedAt } = value;
    const body = {
      id,
      threadId: id,
      status: shownStatus(value),
      startedAt: isoOrNull(startedAt),
      completedAt: isoOrNull(endedAt),
      duration: durationText(value, now),
      updatedAt: iso(updatedAt),
    };
    return ok(body);
  },
});

/** How long the thread's last execution took, or runs since; null if there was none. */
export function durationText(
  { startedAt, endedAt }: Pick<Thread, "startedAt" | "endedAt">,
  now: number,
): string | null {
  if (startedAt === null) return null;
  return `${(((endedAt ?? now) - startedAt) / 1_000).toFixed(1)}s`;
}
