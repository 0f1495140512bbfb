/** What all that makes an archive shares. */
import type { SignedLog } from "../audit/read-proven-head.ts";
import type { Store } from "../store/store.ts";

/** One file of an archive. Its bytes are read when its turn comes. */
export interface ArchiveEntry {
  readonly name: string;
  readonly pieces: AsyncIterable<Buffer>;
  /** How long a file is, also if storage has lost some of it. */
  readonly wholeBytes?: number;
}

export interface ExportDeps {
  readonly store: Store;
  readonly log: SignedLog;
  readonly now: () => number;
  /** Aborted when the archive isn't wanted any more. */
  readonly signal: AbortSignal;
}
