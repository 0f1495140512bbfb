import * as z from "zod";
import { iso, isoOrNull, noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { defaultModel, modelEntry, shellModel } from "#shared/executions/models";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { historyLengthMax, historyTextMax } from "#shared/protocol/language-model";
import { agents } from "#shared/store/agents";
import { environments } from "#shared/store/environments";
import { messages, threads } from "#shared/store/threads";

/** No tokenizer is at hand; English takes about four bytes a token, and other text more of both. */
const bytesPerToken = 4;
/** A text may take three bytes a unit, and has fields beside it. */
const readBytesMax = 4 * historyTextMax;

const Context = z.object({
  threadId: z.string(),
  /** Null: each message has a session of its own, which begins with the thread's earlier ones. */
  sessionId: z.string().nullable(),
  model: z.string(),
  maxTokens: z.int(),
  usedTokens: z.int(),
  remainingTokens: z.int(),
  remainingRatio: z.number(),
  /** `estimate`, from the length of the texts, or `none` for a model that reads no context. */
  source: z.enum(["estimate", "none"]),
  exact: z.boolean(),
  messageCount: z.int(),
  lastMessageAt: z.string().nullable(),
  updatedAt: z.string(),
});

export const getContext = query({
  ...ownedRead("threads:read"),
  endpoint: "GET /v1/threads/:threadId/context",
  summary: "How much of its model's context the thread's next message would begin with.",
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  reply: { 200: z.object({ context: Context }) },
  read: async ({ caller: { owner }, params: { threadId }, deps: { store } }) => {
    const { value: thread } = await store.require(threads.of(owner, threadId));
    const { agentId, environmentId } = thread;
    const newest = { orderBy: [["createdAt", "desc"]] as const, limit: historyLengthMax };
    const [agent, environment, { found }] = await allInOrder([
      agentId === null ? null : store.get(agents.of(owner, agentId)),
      store.get(environments.of(owner, environmentId)),
      store.walk(messages.all(owner, threadId), newest, { bytesMax: readBytesMax }),
    ]);
    const texts = [agent?.value?.instructions ?? "", ...(environment.value?.documentation ?? [])];
    const said = withinHistory(found.map(({ value }) => value.content));
    return { thread, model: agent?.value?.model ?? defaultModel(), texts: [...texts, ...said] };
  },
  answer({ data: { thread, model, texts } }) {
    const maxTokens = modelEntry(model)?.contextTokens ?? 0;
    const isRead = model !== shellModel && maxTokens > 0;
    const usedTokens = isRead ? Math.min(maxTokens, tokensIn(texts)) : 0;
    const remainingTokens = maxTokens - usedTokens;
    const context: z.input<typeof Context> = {
      threadId: thread.id,
      sessionId: null,
      model,
      maxTokens,
      usedTokens,
      remainingTokens,
      remainingRatio: maxTokens === 0 ? 0 : remainingTokens / maxTokens,
      source: isRead ? "estimate" : "none",
      exact: !isRead,
      messageCount: thread.messageCount,
      lastMessageAt: isoOrNull(thread.lastMessageAt),
      updatedAt: iso(thread.updatedAt),
    };
    return ok({ context });
  },
});

/** The newest texts that a model is given, as many as fit. */
function withinHistory(newestFirst: readonly string[]): readonly string[] {
  let length = 0;
  return newestFirst.filter((text) => {
    length += text.length;
    return length <= historyTextMax;
  });
}

function tokensIn(texts: readonly string[]): number {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return Math.ceil(bytes / bytesPerToken);
}
