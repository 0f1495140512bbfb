/**
 * What all requests of a process share per database: batched reads, listeners, what lists have
 * been counted, and owners' turns.
 */
import type { Firestore } from "@google-cloud/firestore";
import { BatchedReader } from "./batched-reader.ts";
import { CountedTotals } from "./counted-page.ts";
import { OwnerTurns } from "./owner-turns.ts";
import { SharedListener } from "./shared-listener.ts";
import { withDeadlineWhileWanted } from "./with-deadline.ts";

export class SharedState {
  readonly reads: BatchedReader;
  readonly listeners = new SharedListener<object | null>();
  readonly totals = new CountedTotals();
  readonly #turns = {
    /** A decoded page takes several times its bytes in memory. */
    pages: new OwnerTurns({ allMax: 4, ownerMax: 2 }),
    /** One request may need hundreds of sums. */
    sums: new OwnerTurns({ allMax: 32, ownerMax: 16 }),
  };

  constructor(db: Firestore) {
    this.reads = new BatchedReader(db);
  }

  /**
   * Does `work` in the turn of the owner whose collection it reads; each collection of the system
   * counts as one owner.
   * @param clientSignal Aborted when the client has gone.
   */
  async inTurn<T>(
    kind: "pages" | "sums",
    { path, clientSignal }: { readonly path: string; readonly clientSignal: AbortSignal | null },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const [collection = "", ownerId] = path.split("/");
    const turns = this.#turns[kind];
    return await withDeadlineWhileWanted(
      async (signal) => await turns.run(ownerId ?? collection, () => work(signal), signal),
      clientSignal,
    );
  }
}
