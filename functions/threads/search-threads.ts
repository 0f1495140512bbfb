import type * as z from "zod";
import { messageBody, shownStatus, threadBody } from "#shared/answers/thread-body";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { ThreadSearch, ThreadSearchResults } from "#shared/contract/thread-search";
import type { RankedThread } from "#shared/core/search/rank";
import { type SearchTerms, searchTerms } from "#shared/core/search/terms";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { namesOfThreads } from "#shared/executions/thread-names";
import type { Owner } from "#shared/identity/owner";
import { jsonBytesMax, query } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";
import { pageTooLarge } from "#shared/store/read-page";
import type { ReadStore } from "#shared/store/store";
import { type Message, messages, threads } from "#shared/store/threads";
import { type FoundEntry, findTexts } from "./find-texts.ts";
import { type FoundParts, highlightsOf } from "./highlights-of.ts";

/** Each term beyond the first costs a count in the index. */
const termsMax = 10;
/** The newest messages of each thread of which parts are shown. */
const highlightedMax = 3;
/** The newest messages of each thread that are in the answer if it has messages. */
const messagesMax = 10;
/** How much text is read for one page, in UTF-16 units. */
const lengthMax = 4 * 1024 * 1024;

type Found = RankedThread<FoundEntry>;

export const searchThreads = query({
  endpoint: "POST /v1/threads/search",
  summary: "Find threads by words in their titles and messages, best first, with highlights.",
  authenticate: "api-key",
  scope: "threads:read",
  params: noParams,
  query: noQuery,
  body: ThreadSearch,
  bodyBytesMax: jsonBytesMax,
  requestClass: "reads",
  reply: { 200: ThreadSearchResults },
  read: async ({ caller: { owner }, body, deps: { store, now: clock }, now, signal }) => {
    const { limit, offset, includeMessages, status } = body;
    const terms = searchTerms(body.query);
    requireFew(terms);
    const any = status === undefined || status === null || status === "all";
    const isWanted = (state: Parameters<typeof shownStatus>[0]) =>
      any || shownStatus(state) === status;
    const { environmentId = null } = body;
    const [found] = await allInOrder([
      findTexts(store, owner, { terms, environmentId, isWanted }),
      environmentId === null ? null : store.require(environments.of(owner, environmentId)),
    ]);
    const page = found.ranked.slice(offset, offset + limit);
    const count = includeMessages ? messagesMax : highlightedMax;
    const shown = await readShown(store, owner, { page, count });
    const highlights = await highlightsOf(partsOf(page, shown), terms.words, { signal });
    return { terms, page, highlights, ...found, ...shown, processingTimeMs: clock() - now };
  },
  answer({ caller: { owner }, body, data }) {
    const { terms, ranked, complete, processingTimeMs, page, threadsById, namesOf } = data;
    const results = page.flatMap(({ threadId, score, texts }) => {
      const thread = threadsById.get(threadId);
      if (!thread) return [];
      const result = {
        thread: threadBody(thread, { ...namesOf(thread), ownerId: owner.id }),
        score,
        highlights: [...(data.highlights.get(threadId) ?? [])],
      };
      if (!body.includeMessages) return [result];
      const found = texts.flatMap(({ id }) => data.said.get(id) ?? []);
      const matchingMessages = found.map((message) => messageBody(message, threadId));
      return [{ ...result, matchingMessages }];
    });
    const answer: z.input<typeof ThreadSearchResults> = {
      object: "list",
      results,
      total: ranked.length,
      hasMore: body.offset + page.length < ranked.length,
      searchMetadata: {
        query: body.query,
        queryType: terms.required.some((term) => term.includes(" ")) ? "phrase" : "words",
        processingTimeMs,
        complete,
      },
    };
    return ok(answer);
  },
});

/** @throws {ApiError} `VALIDATION_FAILED` for more terms than one search looks for. */
function requireFew({ required }: SearchTerms): void {
  if (required.length <= termsMax) return;
  const message = `must have at most ${termsMax} words; two neighbours between quotes count as one`;
  const details = [{ field: "query", message }];
  throw new ApiError("VALIDATION_FAILED", { message: `The field query ${message}.`, details });
}

/** What a page shows: its threads, the names of what they use, and messages that were found. */
async function readShown(
  store: ReadStore,
  owner: Owner,
  { page, count }: { readonly page: readonly Found[]; readonly count: number },
) {
  const chosen = chosenMessages(page, count);
  const [found, said] = await allInOrder([
    store.getAll(...page.map(({ threadId }) => threads.of(owner, threadId))),
    store.getAll(...chosen.map(({ threadId, id }) => messages.of(owner, threadId, id))),
  ]);
  const shown = found.flatMap(({ value }) => value ?? []);
  return {
    threadsById: new Map(shown.map((thread) => [thread.id, thread])),
    said: new Map(
      said.flatMap(({ value }): [string, Message][] => (value ? [[value.id, value]] : [])),
    ),
    namesOf: await namesOfThreads(store, owner, shown),
  };
}

/** What of each thread is searched for what is marked. */
function partsOf(
  page: readonly Found[],
  { threadsById, said }: Pick<Awaited<ReturnType<typeof readShown>>, "threadsById" | "said">,
): readonly FoundParts[] {
  return page.map(({ threadId, texts }) => {
    const found = texts.flatMap(({ id }) => said.get(id) ?? []).slice(0, highlightedMax);
    const title = threadsById.get(threadId)?.title ?? "";
    return { threadId, texts: [title, ...found.map(({ content }) => content)] };
  });
}

/** @throws {ApiError} `VALIDATION_FAILED`, naming a limit that fits, if they are too long. */
function chosenMessages(page: readonly Found[], count: number): readonly FoundEntry[] {
  let length = 0;
  return page.flatMap(({ texts }, index) => {
    const newest = texts.filter(({ kind }) => kind === "message").slice(0, count);
    length += newest.reduce((sum, text) => sum + text.length, 0);
    if (length > lengthMax && index > 0) throw pageTooLarge(index);
    return newest;
  });
}
