import * as z from "zod";
import { noQuery } from "#shared/contract/common";
import { ThreadCopied, ThreadFork } from "#shared/contract/thread-copy";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { type CopyRead, decideCopy, earlierCopy, readForCopy } from "./copied-thread.ts";

const answer = { status: 201, forkMode: "latest" } as const;

export const forkFromMessage = change({
  endpoint: "POST /v1/threads/:threadId/fork-from-message",
  summary: "Make a thread of the messages before one of the user's, onto the same files.",
  authenticate: "api-key",
  scope: "threads:write",
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  body: ThreadFork,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "quota",
  audit: "thread.forked",
  refusals: ["THREAD_TOO_LONG", "VALIDATION_FAILED"],
  reply: { 201: ThreadCopied },
  read: async (context) => {
    const { params, body } = context;
    const { truncateAtMessageIndex, targetEnvironmentId: environmentId = null } = body;
    const meaning = ["fork", params.threadId, body];
    // With the message that the fork begins before.
    const count = truncateAtMessageIndex + 1;
    const read = await readForCopy(context, { ...params, environmentId, count, meaning });
    return beforeMessage(read, truncateAtMessageIndex);
  },
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    earlier: (context) => earlierCopy(context, answer),
  },
  decide: (context) => decideCopy(context, { ...answer, title: context.body.title ?? null }),
});

/** @throws {ApiError} `VALIDATION_FAILED` unless the index is that of a message of the user. */
function beforeMessage(read: CopyRead, index: number): CopyRead {
  if (read.said[index]?.role === "user") return { ...read, said: read.said.slice(0, index) };
  const message = "isn't the index of one of the user's messages";
  const field = "truncateAtMessageIndex";
  throw new ApiError("VALIDATION_FAILED", {
    message: `The field ${field} ${message}.`,
    details: [{ field, message }],
  });
}
