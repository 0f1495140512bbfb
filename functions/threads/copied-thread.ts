/** What the routes share that make a thread from another one's messages. */

import type * as z from "zod";
import { type ThreadNames, threadBody } from "#shared/answers/thread-body";
import { deploymentLimits } from "#shared/config";
import type { ThreadCopied } from "#shared/contract/thread-copy";
import type { Account } from "#shared/core/money/account";
import { cutText } from "#shared/core/usable-text";
import { existingEnvironment } from "#shared/environments/body-ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { createWrites, newThread, unexecutedMessage } from "#shared/executions/new-thread";
import { isSameRequest, requestDigest } from "#shared/executions/request-digest";
import type { Owner } from "#shared/identity/owner";
import type { Callers, Context, JsonReply, ReadContext } from "#shared/pipeline/route";
import { copiedToday, countCopied } from "#shared/quotas/count-copied";
import { countOwnedIfRepeated, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { agents } from "#shared/store/agents";
import type { Write } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import type { ReadStore } from "#shared/store/store";
import { type Message, messages, type Thread, threads } from "#shared/store/threads";
import { readEarlierThread } from "./earlier-thread.ts";

/** A copy is one commit, so it is bounded as commits are. */
export const copiedMax = 150;
const copiedBytesMax = 1.5 * 1024 * 1024;
const titleLengthMax = 500;

const previewLength = 200;

interface Asked {
  readonly threadId: string;
  readonly environmentId: string | null;
  /** How many of its first messages to copy; null for all. */
  readonly count: number | null;
  /** The request's meaning, to recognise its repetition. */
  readonly meaning: unknown;
}

type Reading = ReadContext<"api-key", unknown, unknown, unknown> & {
  readonly caller: Callers["api-key"];
};

/**
 * Reads what a copy consists of.
 * @throws {ApiError} `NOT_FOUND`, `THREAD_TOO_LONG`, `IDEMPOTENCY_CONFLICT`.
 */
export async function readForCopy(
  { caller: { owner }, ids, repeated, deps: { store } }: Reading,
  { threadId, environmentId, count, meaning }: Asked,
) {
  const copyId = ids.ofRequest("thread");
  const limit = Math.min(count ?? copiedMax + 1, copiedMax + 1);
  const [counted, source, { found, isEnd }, earlier, today] = await allInOrder([
    countOwnedIfRepeated(store, owner, { kind: "threads", repeated }),
    store.require(threads.of(owner, threadId)),
    readFirst(store, owner, { threadId, limit }),
    copyId === null ? null : readEarlierThread(store, owner, copyId),
    copiedToday(store, owner),
  ]);
  const isCut = found.length < limit && !isEnd;
  if (isCut || found.length > copiedMax) throw new ApiError("THREAD_TOO_LONG");
  const { environmentId: sourceEnvironmentId, agentId } = source.value;
  const [{ environment }, agent] = await allInOrder([
    existingEnvironment(
      environmentId ?? sourceEnvironmentId,
      (id) => store.get(environments.of(owner, id)),
      "targetEnvironmentId",
    ),
    agentId === null ? null : store.get(agents.of(owner, agentId)),
  ]);
  return {
    copyId,
    counted,
    source: source.value,
    said: found.map(({ value }) => value),
    environment,
    agent: agent?.value ?? null,
    earlier,
    today,
    request: meaning,
  };
}

async function readFirst(
  store: ReadStore,
  owner: Owner,
  { threadId, limit }: { readonly threadId: string; readonly limit: number },
) {
  if (limit === 0) return { found: [], isEnd: true };
  const oldestFirst = { orderBy: [["createdAt", "asc"]] as const, limit };
  return await store.walk(messages.all(owner, threadId), oldestFirst, { bytesMax: copiedBytesMax });
}

export type CopyRead = Awaited<ReturnType<typeof readForCopy>>;

/** Says what an earlier request with the same Idempotency-Key made; for `idempotency`. */
export function earlierCopy(
  { caller, data }: Deciding,
  answer: CopyAnswer,
): { isSame: boolean; answer: () => JsonReply } | null {
  const { earlier, request } = data;
  if (!earlier) return null;
  const stored = earlier.thread.requestSha256;
  const isSame = stored !== null && isSameRequest(stored, { request, asStated: null });
  return { isSame, answer: () => copyReply(caller.owner, { ...earlier, data }, answer) };
}

type Deciding = Omit<Context<"api-key", unknown, unknown, unknown>, "caller"> & {
  readonly caller: Callers["api-key"];
  readonly data: CopyRead;
  readonly account: Account | null;
};

interface CopyAnswer {
  readonly status: 200 | 201;
  readonly forkMode: "latest" | "copy";
}

/**
 * The commit that makes a copy: the thread, its messages and the words by which they are found. It
 * has its own messages from then on, and works on the same files. Pure.
 * @throws {ApiError} `QUOTA_REACHED`, `RATE_LIMITED`.
 */
export function decideCopy(
  { caller: { owner }, data, account, ids, now }: Deciding,
  { title, ...answer }: CopyAnswer & { readonly title: string | null },
) {
  const { source, counted, environment, agent, copyId, request } = data;
  const said = inOrder(data.said).map((message) => ({ ...message, id: ids.next("message") }));
  const last = said.at(-1);
  const thread: Thread = {
    ...newThread(
      {
        id: copyId ?? ids.next("thread"),
        environmentId: environment.id,
        agentId: agent?.id ?? null,
        projectId: source.projectId,
        appId: source.appId,
        title: title ?? cutText(`${source.title ?? ""} Copy`.trim(), titleLengthMax),
        metadataJson: source.metadataJson,
        requestSha256: copyId === null ? null : requestDigest(request),
      },
      now,
    ),
    status: last ? "completed" : "active",
    messageCount: said.length,
    lastMessageAt: last?.createdAt ?? null,
    lastMessagePreview: last ? cutText(last.content, previewLength) : null,
  };
  const names = { environmentName: environment.name, agentName: agent?.name ?? null };
  const copies: readonly Write[] = said.flatMap((message) =>
    unexecutedMessage(owner, thread, message),
  );
  const quotas = { kind: "threads", counted, quotas: deploymentLimits().quotas } as const;
  return {
    account: withOneMoreOwned(account, quotas, now),
    writes: [...createWrites(owner, thread), ...copies, ...countCopied(data.today, said, now)],
    subject: thread.id,
    facts: { from: source.id, environmentId: environment.id, messages: said.length },
    reply: copyReply(owner, { thread, names, data }, answer),
  };
}

/** Messages in the order in which they were read, with times by which lists keep it. */
function inOrder(said: readonly Message[]): Pick<Message, "role" | "content" | "createdAt">[] {
  let last = 0;
  return said.map(({ role, content, createdAt }) => {
    last = Math.max(last + 1, createdAt);
    return { role, content, createdAt: last };
  });
}

function copyReply(
  owner: Owner,
  made: { readonly thread: Thread; readonly names: ThreadNames; readonly data: CopyRead },
  { status, forkMode }: CopyAnswer,
): JsonReply {
  const { thread, names, data } = made;
  const body: z.input<typeof ThreadCopied> = {
    thread: threadBody(thread, { ...names, ownerId: owner.id }),
    environmentId: thread.environmentId,
    environmentName: names.environmentName,
    snapshotId: null,
    messagesCopied: data.said.length,
    forkMode,
  };
  return { status, body };
}
