/**
 * What all requests of a process share per database: batched reads, listeners, what lists have
 * been counted, and owners' turns.
 */
import type { Firestore } from "@google-cloud/firestore";
import { BatchedReader } from "./batched-reader.ts";
import { CountedTotals } from "./counted-page.ts";
import { ReadTurns } from "./read-turns.ts";
import { SharedListener } from "./shared-listener.ts";

export class SharedState {
  readonly reads: BatchedReader;
  readonly listeners = new SharedListener<object | null>();
  readonly totals = new CountedTotals();
  readonly turns = new ReadTurns();
  constructor(db: Firestore) {
    this.reads = new BatchedReader(db);
  }
}
