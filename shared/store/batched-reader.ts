/**
 * Reads all documents that are asked for in one turn of the event loop by a single call. A call
 * costs about as much CPU as the data in it, so batching saves most of that cost under load. A
 * document that is asked for several times is read and billed once. A read waits no longer than the
 * current turn.
 */
import type { DocumentSnapshot, Firestore } from "@google-cloud/firestore";
import { Fault } from "../core/fault.ts";

/** Limits of one call, so that a slow or large read delays only a few others. */
const documentsMax = 32;

interface PendingRead {
  readonly paths: readonly string[];
  resolve(found: readonly DocumentSnapshot[]): void;
  reject(failure: unknown): void;
}

export class BatchedReader {
  readonly #db: Firestore;
  #pending: PendingRead[] = [];

  constructor(db: Firestore) {
    this.#db = db;
  }

  /**
   * Returns snapshots in the order asked for; a missing document has one, too. The read begins
   * after this call, so its result is never older than the call.
   */
  read(paths: readonly string[]): Promise<readonly DocumentSnapshot[]> {
    if (paths.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(() => this.#send());
      this.#pending.push({ paths, resolve, reject });
    });
  }

  #send(): void {
    const pending = this.#pending;
    this.#pending = [];
    let batch: PendingRead[] = [];
    let paths = new Set<string>();
    for (const read of pending) {
      const more = new Set([...paths, ...read.paths]);
      if (more.size > documentsMax && batch.length > 0) {
        void this.#call(batch, [...paths]);
        batch = [];
        paths = new Set(read.paths);
      } else paths = more;
      batch.push(read);
    }
    void this.#call(batch, [...paths]);
  }

  async #call(batch: readonly PendingRead[], paths: readonly string[]): Promise<void> {
    try {
      const snapshots = await this.#db.getAll(...paths.map((path) => this.#db.doc(path)));
      const byPath = new Map(paths.map((path, index) => [path, snapshots[index]]));
      for (const read of batch) {
        read.resolve(read.paths.map((path) => requireSnapshot(byPath.get(path))));
      }
    } catch (failure) {
      for (const read of batch) read.reject(failure);
    }
  }
}

function requireSnapshot(snapshot: DocumentSnapshot | undefined): DocumentSnapshot {
  if (snapshot) return snapshot;
  throw new Fault("Firestore answered fewer documents than were asked for");
}
