import type { Store } from "../store/store.ts";

/** What the sequencer's steps need. */
export interface SequencerDeps {
  readonly store: Pick<Store, "get" | "getAll" | "findDue" | "commitWithoutRetry">;
  now(): number;
  random(bytes: number): Buffer;
}

/** The rest of a call's time, and where to report what doesn't end it. */
export interface SequencerTurn {
  isLate(): boolean;
  report(message: string, cause: unknown, facts: object): void;
}
