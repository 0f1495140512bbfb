import type { SearchTerms } from "./terms.ts";

/** A text that has all terms that were searched for. */
export interface FoundText {
  readonly id: string;
  readonly threadId: string;
  readonly kind: "title" | "message";
  readonly terms: readonly string[];
  readonly createdAt: number;
}

export interface RankedThread<T extends FoundText> {
  readonly threadId: string;
  readonly score: number;
  /** The texts that were found in it, newest first. */
  readonly texts: readonly T[];
}

const titleWeight = 4;
const nearWeight = 2;

/**
 * Orders threads by what was found in them: a title counts 4, n messages log2(1 + n), and the
 * largest part of the query's neighbouring words that are neighbours in one text too counts up to
 * 2. Of equal ones the one with the newest text is first.
 */
export function rankThreads<T extends FoundText>(
  found: readonly T[],
  { near }: Pick<SearchTerms, "near">,
): RankedThread<T>[] {
  const ranked = [...Map.groupBy(found, ({ threadId }) => threadId)].map(([threadId, texts]) => {
    const newestFirst = texts.toSorted((a, b) => b.createdAt - a.createdAt);
    return { threadId, score: scoreOf(texts, near), texts: newestFirst };
  });
  const newest = ({ texts }: RankedThread<T>) => texts[0]?.createdAt ?? 0;
  return ranked.toSorted(
    (a, b) => b.score - a.score || newest(b) - newest(a) || (a.threadId < b.threadId ? -1 : 1),
  );
}

function scoreOf(texts: readonly FoundText[], near: readonly string[]): number {
  const messages = texts.filter(({ kind }) => kind === "message").length;
  const title = messages < texts.length ? titleWeight : 0;
  const shares = texts.map(({ terms }) => {
    const known = new Set(terms);
    return near.filter((pair) => known.has(pair)).length / Math.max(1, near.length);
  });
  const score = title + Math.log2(1 + messages) + nearWeight * Math.max(0, ...shares);
  return Math.round(score * 1_000) / 1_000;
}
