/** Marks what was searched for in the threads of a page. */
import { highlightOf } from "#shared/core/search/highlight";
import { type PacedWork, pacedWork } from "#shared/limits/paced-work";
import { throwIfAbandoned } from "#shared/store/owner-turns";

export interface FoundParts {
  readonly threadId: string;
  /** Its title and the messages that were found. */
  readonly texts: readonly string[];
}

/**
 * The highlights of each thread, by its id. A text may have ten thousand words before the first
 * that was searched for, and a page has three hundred texts, so each is a piece of its own (TEN-1).
 * @param how.signal Aborted when the client has gone.
 * @param how.paced What rests between the pieces; tests have one with a clock of their own.
 * @throws {ApiError} `UNAVAILABLE` if the client goes.
 */
export async function highlightsOf(
  found: readonly FoundParts[],
  words: ReadonlySet<string>,
  how: { readonly signal: AbortSignal; readonly paced?: Pick<PacedWork, "newPieces"> },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { signal, paced = pacedWork } = how;
  const piece = paced.newPieces();
  const highlights = new Map<string, readonly string[]>();
  for (const { threadId, texts } of found) {
    const marked: string[] = [];
    for (const text of texts) {
      throwIfAbandoned(signal);
      const highlight = await piece(() => highlightOf(text, words));
      if (highlight !== null) marked.push(highlight);
    }
    highlights.set(threadId, marked);
  }
  return highlights;
}
