import * as z from "zod";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { resumableStream } from "#shared/executions/resumable-stream";
import { resumedExecution, resumePoint } from "#shared/executions/resume-point";
import { findResumed } from "#shared/executions/stream-start";
import type { Owner } from "#shared/identity/owner";
import { action, type ReadDeps } from "#shared/pipeline/route";
import { executions } from "#shared/store/executions";
import { messages, type Thread, threads } from "#shared/store/threads";

/** The first execution of a thread adds a question and an answer. */
const messagesOfOne = 2;

export const streamThreadEvents = action({
  ...resumableStream,
  endpoint: "GET /v1/threads/:threadId/events",
  summary:
    "Stream the thread's current or last execution; with Last-Event-ID, all events since that one.",
  params: z.object({ threadId: idSchema("thread") }),
  read: async ({ caller: { owner }, params: { threadId }, query, request, deps }) => {
    const point = resumePoint(request.lastEventId, query);
    const { value: thread } = await deps.store.require(threads.of(owner, threadId));
    const newestId = await newestExecution(deps, owner, thread);
    if (newestId === null) {
      throw new ApiError("NOT_FOUND", { message: "This thread has executed nothing yet." });
    }
    if (point === null) {
      const found = await deps.store.require(executions.of(owner, newestId));
      return { found, afterNumber: null, newestId };
    }
    const only = thread.messageCount <= messagesOfOne ? newestId : null;
    const executionId = resumedExecution(point, only);
    return await findResumed(deps.store, owner, { point, executionId, threadId, newestId });
  },
});

async function newestExecution(
  deps: ReadDeps,
  owner: Owner,
  thread: Thread,
): Promise<string | null> {
  const known = thread.executionId ?? thread.lastExecutionId;
  if (known !== null || thread.messageCount === 0) return known;
  // An older thread doesn't store its newest execution, but its messages do.
  const newest = { orderBy: [["createdAt", "desc"]] as const, limit: 1 };
  const [message] = await deps.store.findAll(messages.all(owner, thread.id), newest);
  return message?.value.executionId ?? null;
}
