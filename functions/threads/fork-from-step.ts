import * as z from "zod";
import { noQuery } from "#shared/contract/common";
import { StepFork, ThreadCopied } from "#shared/contract/thread-copy";
import { StepId } from "#shared/contract/thread-steps";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import type { ReadStore } from "#shared/store/store";
import { Message, messages, threads } from "#shared/store/threads";
import { copiedMax, decideCopy, earlierCopy, readForCopy } from "./copied-thread.ts";
import { parseStepId } from "./step-body.ts";

const answer = { status: 201, forkMode: "latest" } as const;
const Part = Message.pick({ id: true, role: true, executionId: true });

export const forkFromStep = change({
  endpoint: "POST /v1/threads/:threadId/steps/:stepId/fork",
  summary: "Make a thread of the messages up to a step, onto the same files as they are now.",
  authenticate: "api-key",
  scope: "threads:write",
  params: z.object({ threadId: idSchema("thread"), stepId: StepId }),
  query: noQuery,
  body: StepFork,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "quota",
  audit: "thread.forked",
  refusals: ["THREAD_TOO_LONG"],
  reply: { 201: ThreadCopied },
  read: async (context) => {
    const { caller, params, body, deps } = context;
    const { threadId, stepId } = params;
    // First, because a thread that the key may not see is one that isn't there, however long it is.
    await deps.store.require(threads.of(caller.owner, threadId));
    const count = await messagesUntil(deps.store, caller.owner, params);
    const meaning = ["fork", threadId, stepId, body];
    return await readForCopy(context, { threadId, environmentId: null, count, meaning });
  },
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    earlier: (context) => earlierCopy(context, answer),
  },
  decide: (context) => decideCopy(context, { ...answer, title: context.body.title ?? null }),
});

/**
 * How many messages a thread had at a step: an event comes before the answer, the end after it.
 * @throws {ApiError} `NOT_FOUND`, `THREAD_TOO_LONG`.
 */
async function messagesUntil(
  store: ReadStore,
  owner: Owner,
  { threadId, stepId }: { readonly threadId: string; readonly stepId: string },
): Promise<number> {
  const step = parseStepId(stepId);
  const first = await store.findParts(messages.all(owner, threadId), Part, {
    orderBy: [["createdAt", "asc"]],
    limit: copiedMax + 1,
  });
  const index = first.findLastIndex(({ id, role, executionId }) => {
    if (step.kind === "message") return id === step.messageId;
    return executionId === step.executionId && (step.kind === "end" || role === "user");
  });
  if (index === -1) throw new ApiError(first.length > copiedMax ? "THREAD_TOO_LONG" : "NOT_FOUND");
  return index + 1;
}
