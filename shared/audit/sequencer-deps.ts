import type { Store } from "../store/store.ts";

/** What the sequencer's steps need. */
export interface SequencerDeps {
  readonly store: Pick<Store, "get" | "getAll" | "findDue" | "commitWithoutRetry">;
  now(): number;
  random(bytes: number): Buffer;
}
