import * as z from "zod";
import { threadBody } from "#shared/answers/thread-body";
import { noQuery, ok } from "#shared/contract/common";
import { ThreadBody, TitleGenerate } from "#shared/contract/thread";
import { threadText } from "#shared/contract/thread-text";
import { idSchema } from "#shared/core/ids";
import { titleFrom } from "#shared/core/threads/title-from";
import { namesOfThreads } from "#shared/executions/thread-names";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { patch } from "#shared/store/documents";
import { indexTitle } from "#shared/store/search-entries";
import { threads } from "#shared/store/threads";

export const generateTitle = change({
  endpoint: "POST /v1/threads/:threadId/generate-title",
  summary: "Give a thread without a title one that is made from the beginning of the message.",
  authenticate: "api-key",
  scope: "threads:write",
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  body: TitleGenerate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  account: "none",
  audit: "thread.updated",
  reply: {
    200: z.object({
      thread: ThreadBody,
      generated: z.boolean(),
      skipped: z.boolean(),
      reason: z.enum(["has_title", "no_words"]).nullable(),
      title: threadText(z.string().nullable()),
    }),
  },
  read: async ({ caller: { owner }, params: { threadId }, deps: { store } }) => {
    const found = await store.require(threads.of(owner, threadId));
    return { ...found, names: (await namesOfThreads(store, owner, [found.value]))(found.value) };
  },
  decide({ caller: { owner }, body, data: { ref, value, version, names }, now }) {
    const reason = value.title !== null && body.force !== true ? "has_title" : null;
    const made = reason === null ? titleFrom(body.message) : null;
    const fields = made === null ? {} : { title: made, updatedAt: now };
    const thread = { ...value, ...fields };
    const reply = ok({
      thread: threadBody(thread, { ...names, ownerId: owner.id }),
      generated: made !== null,
      skipped: made === null,
      reason: made === null ? (reason ?? "no_words") : null,
      title: thread.title,
    });
    if (made === null) return { writes: [], reply };
    return {
      writes: [patch(ref, fields, { version }), indexTitle(owner, thread)],
      subject: value.id,
      facts: { archived: value.archived },
      reply,
    };
  },
});
