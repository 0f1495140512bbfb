import * as z from "zod";
import { noQuery } from "#shared/contract/common";
import { ThreadCopied, ThreadCopy } from "#shared/contract/thread-copy";
import { idSchema } from "#shared/core/ids";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { decideCopy, earlierCopy, readForCopy } from "./copied-thread.ts";

const answer = { status: 200, forkMode: "copy" } as const;

export const copyThread = change({
  endpoint: "POST /v1/threads/:threadId/copy",
  summary: "Copy a thread with its messages, or the first of them, onto the same files.",
  authenticate: "api-key",
  scope: "threads:write",
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  body: ThreadCopy,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "quota",
  audit: "thread.copied",
  refusals: ["THREAD_TOO_LONG"],
  reply: { 200: ThreadCopied },
  read: async (context) => {
    const { params, body } = context;
    const { truncateAtMessageIndex: count = null, targetEnvironmentId = null } = body;
    const meaning = ["copy", params.threadId, body];
    return await readForCopy(context, {
      ...params,
      environmentId: targetEnvironmentId,
      count,
      meaning,
    });
  },
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    earlier: (context) => earlierCopy(context, answer),
  },
  decide: (context) => decideCopy(context, { ...answer, title: context.body.title ?? null }),
});
