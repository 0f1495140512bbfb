/**
 * Bounds what a process reads at once, in all and for each owner, so one owner's reads fill no
 * memory and delay nobody else's (TEN-1, TEN-2).
 */
import type { CollectionRef } from "./documents.ts";
import { OwnerTurns } from "./owner-turns.ts";
import type { Filter, ManyRequest } from "./queries.ts";
import { withDeadline, withDeadlineWhileWanted } from "./with-deadline.ts";

/** So few documents are read without waiting for a turn. */
const fewMax = 10;

/** The turns that all requests of a process share. */
export class ReadTurns {
  readonly #turns = {
    /** A decoded page takes several times its bytes in memory. */
    pages: new OwnerTurns({ allMax: 4, ownerMax: 2 }),
    /** A few fields of many documents. */
    parts: new OwnerTurns({ allMax: 16, ownerMax: 8 }),
    /** One request may need hundreds of sums. */
    sums: new OwnerTurns({ allMax: 32, ownerMax: 16 }),
  };

  /** @param clientSignal Aborted when the client has gone, for whom nothing is read any more. */
  for(clientSignal: AbortSignal | null) {
    const take = async <T>(
      kind: "pages" | "parts" | "sums",
      [collection, filter]: readonly [Pick<CollectionRef, "path">, Pick<Filter, "where">?],
      work: (signal: AbortSignal) => Promise<T>,
    ) =>
      await withDeadlineWhileWanted(
        (signal) => this.#turns[kind].run(turnOf(collection, filter), () => work(signal), signal),
        clientSignal,
      );
    /** Reads in turn if it may be many documents, unless the request may not wait. */
    const ifMany = async <T>(
      kind: "pages" | "parts",
      [collection, request]: readonly [CollectionRef, ManyRequest],
      work: () => Promise<T>,
    ) =>
      request.limit <= fewMax || request.outOfTurn
        ? await withDeadline(work())
        : await take(kind, [collection, request], work);
    return { take, ifMany };
  }
}

/**
 * A read waits for the turn of the owner whose collection it is, or who is asked for. What the
 * system reads of its own collections counts as one owner's for each of them.
 */
export function turnOf(
  { path }: Pick<CollectionRef, "path">,
  { where = [] }: Pick<Filter, "where"> = {},
): string {
  const [collection = "", ownerId] = path.split("/");
  const [, asked = collection] = where.find(([field]) => field === "ownerId") ?? [];
  return ownerId ?? String(asked);
}
