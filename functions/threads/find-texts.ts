import type * as z from "zod";
import { type RankedThread, rankThreads } from "#shared/core/search/rank";
import type { SearchTerms } from "#shared/core/search/terms";
import { allInOrder } from "#shared/errors/all-in-order";
import type { Owner } from "#shared/identity/owner";
import type { CollectionRef } from "#shared/store/documents";
import { eachNewest } from "#shared/store/each-newest";
import { type SearchEntry, searchEntries } from "#shared/store/search-entries";
import type { ReadStore } from "#shared/store/store";
import { Thread, threads } from "#shared/store/threads";

/** How many texts with the rarest of the terms are looked at: the newest. */
export const textsMax = 500;

/** One query is enough, unless the terms of texts are long: those may be a hundred kilobytes. */
const chunks = { firstChunk: textsMax, chunkMax: textsMax };
/** `terms` are those that were searched for. */
export type FoundEntry = Omit<SearchEntry, "v" | "environmentId">;
const ThreadState = Thread.pick({ id: true, status: true, archived: true });

export interface FoundTexts {
  /** Best first; threads that were deleted or have another status are left out. */
  readonly ranked: readonly RankedThread<FoundEntry>[];
  readonly complete: boolean;
}

/**
 * The threads in which a text has all of the terms. The database finds the texts with the rarest
 * term, by one query; which of them have the others is decided here.
 */
export async function findTexts(
  store: ReadStore,
  owner: Owner,
  search: {
    readonly terms: SearchTerms;
    readonly environmentId: string | null;
    readonly isWanted: (state: z.output<typeof ThreadState>) => boolean;
  },
): Promise<FoundTexts> {
  const { terms, environmentId, isWanted } = search;
  const all = searchEntries.all(owner);
  const where = environmentId === null ? [] : [["environmentId", environmentId] as const];
  const item = await rarestOf(terms.required, async (one) => {
    const contains = { field: "terms", item: one };
    return (await store.sum(all, { fields: [], where, contains })).count;
  });
  if (item === null) return { ranked: [], complete: true };
  const { matching, complete } = await readMatching(store, all, { where, item, terms });
  const ids = [...new Set(matching.map(({ threadId }) => threadId))];
  const refs = ids.map((id) => threads.of(owner, id));
  const states = await store.getParts(ThreadState, refs);
  const wanted = new Set(states.flatMap((state) => (state && isWanted(state) ? [state.id] : [])));
  const shown = matching.filter(({ threadId }) => wanted.has(threadId));
  return { ranked: rankThreads(shown, terms), complete };
}

/**
 * The newest texts that have all of the terms. They are read in their owner's turn, and of each no
 * more is kept than what was searched for: all that they have would be some 40 MB (TEN-2).
 */
async function readMatching(
  store: Pick<ReadStore, "walk">,
  all: CollectionRef<typeof SearchEntry>,
  {
    where,
    item,
    terms,
  }: {
    readonly where: readonly (readonly [field: string, value: string])[];
    readonly item: string;
    readonly terms: SearchTerms;
  },
): Promise<{ readonly matching: readonly FoundEntry[]; readonly complete: boolean }> {
  const asked = new Set([...terms.required, ...terms.near]);
  const matching: FoundEntry[] = [];
  const newest = { where, contains: { field: "terms", item }, max: textsMax };
  const look = (entry: SearchEntry) => {
    const known = entry.terms.filter((term) => asked.has(term));
    if (!terms.required.every((term) => known.includes(term))) return;
    const { id, threadId, kind, length, createdAt } = entry;
    matching.push({ id, threadId, kind, length, createdAt, terms: known });
  };
  const complete = await eachNewest(store, all, newest, look, chunks);
  return { matching, complete };
}

/** Null if one of the terms is in no text. A single term needn't be counted. */
async function rarestOf(
  terms: readonly string[],
  count: (term: string) => Promise<number>,
): Promise<string | null> {
  const [only] = terms;
  if (terms.length <= 1) return only ?? null;
  const counted = await allInOrder(terms.map(async (term) => ({ term, count: await count(term) })));
  const [rarest] = counted.toSorted((a, b) => a.count - b.count);
  return rarest && rarest.count > 0 ? rarest.term : null;
}
