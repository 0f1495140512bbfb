/**
 * Leaves most of an instance's processor to other requests while repositories are read, and while
 * lists of files are validated, merged or compared. Pieces of long work run one at a time, of any
 * owner, each a rest after the end of the one before: all of them together take a third of the
 * time, and no request waits for two in a row (TEN-1).
 */
import { setImmediate as breathe, setTimeout as wait } from "node:timers/promises";

/** Pieces of a read that only let others go first: some 20 ms, which most repositories take. */
const shortPieces = 8;
/** The same for pieces that only compute, whose time is known. */
const shortMs = 24;
/** How much longer than a piece the rest after it is. */
const restFactor = 2;
/** A piece that waited for the store took less of the processor than its time. */
const restMsMin = 4;
const restMsMax = 40;

/** A clock and a timer, of which tests have their own. */
interface Pace {
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
}

/** Runs one piece, and returns what it returns after the rest that follows it. */
export type Pieces = <T>(work: () => T) => Promise<T>;

export class PacedWork {
  readonly #pace: Pace;
  #turn: Promise<unknown> = Promise.resolve();
  /** When the next piece may begin. */
  #restedAtMs = 0;

  constructor(pace: Pace = { nowMs: () => performance.now(), wait: (ms) => wait(ms) }) {
    this.#pace = pace;
  }

  /** What one read does between its pieces. */
  newBreath(): () => Promise<unknown> {
    const { nowMs } = this.#pace;
    let pieces = 0;
    let begunAtMs = nowMs();
    return async () => {
      const endedAtMs = nowMs();
      const pieceMs = endedAtMs - begunAtMs;
      pieces += 1;
      if (pieces <= shortPieces) await breathe();
      else await this.#rest(endedAtMs + restOf(pieceMs));
      begunAtMs = nowMs();
    };
  }

  /**
   * Runs the pieces of one work that compute without waiting for anything. Each is timed by itself,
   * so however long it was, the rest after it is complete.
   */
  newPieces(): Pieces {
    const { nowMs } = this.#pace;
    let workedMs = 0;
    return async (work) => {
      const begunAtMs = nowMs();
      const result = work();
      const endedAtMs = nowMs();
      workedMs += endedAtMs - begunAtMs;
      if (workedMs <= shortMs) await breathe();
      else await this.#rest(endedAtMs + restFactor * (endedAtMs - begunAtMs));
      return result;
    };
  }

  #rest(restedAtMs: number): Promise<unknown> {
    this.#restedAtMs = Math.max(this.#restedAtMs, restedAtMs);
    this.#turn = this.#turn.then(() => this.#untilRested());
    return this.#turn;
  }

  /** A piece that ran meanwhile, or another read's, makes the rest begin again. */
  async #untilRested(): Promise<void> {
    // The reader whose turn was before runs its piece now, which ends in a rest.
    await breathe();
    for (;;) {
      const leftMs = this.#restedAtMs - this.#pace.nowMs();
      if (leftMs <= 0) return;
      await this.#pace.wait(Math.ceil(leftMs));
    }
  }
}

function restOf(pieceMs: number): number {
  return Math.min(Math.max(restFactor * pieceMs, restMsMin), restMsMax);
}

/** All that this process does in pieces shares one third of its processor. */
export const pacedWork = new PacedWork();
