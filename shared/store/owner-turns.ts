/**
 * Bounds how much work a process does at once, in all and for each owner. Owners take turns, so one
 * owner's requests delay another owner's by one turn only (TEN-1). Work that nobody waits for any
 * more is never begun.
 */
import { TurnQueue } from "../core/limits/turn-queue.ts";
import { ApiError } from "../errors/api-error.ts";

export interface TurnLimits {
  readonly allMax: number;
  /** Smaller than `allMax`; otherwise one owner's slow work could take all places. */
  readonly ownerMax: number;
}

interface QueuedWork {
  readonly ownerId: string;
  readonly admit: () => void;
}

export class OwnerTurns {
  readonly #limits: TurnLimits;
  readonly #queue = new TurnQueue<QueuedWork>();
  readonly #running = new Map<string, number>();
  #all = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /**
   * Does `work` in its owner's turn.
   * @param signal Aborted when nobody waits for the result any more.
   * @throws {ApiError} `UNAVAILABLE` if it was aborted before the turn came.
   */
  async run<T>(ownerId: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(ownerId, signal);
    try {
      return await work();
    } finally {
      this.#leave(ownerId);
    }
  }

  async #enter(ownerId: string, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw abandoned();
    const { promise: entered, resolve: admit, reject } = Promise.withResolvers<void>();
    const waiter: QueuedWork = { ownerId, admit };
    const withdraw = () => {
      if (this.#queue.remove(ownerId, waiter)) reject(abandoned());
    };
    signal?.addEventListener("abort", withdraw, { once: true });
    this.#queue.add(ownerId, waiter);
    this.#serve();
    try {
      await entered;
    } finally {
      signal?.removeEventListener("abort", withdraw);
    }
  }

  #leave(ownerId: string): void {
    this.#all -= 1;
    const left = this.#runningOf(ownerId) - 1;
    if (left > 0) this.#running.set(ownerId, left);
    else this.#running.delete(ownerId);
    this.#serve();
  }

  #serve(): void {
    const { allMax, ownerMax } = this.#limits;
    while (this.#all < allMax) {
      const taken = this.#queue.takeNext((ownerId) => this.#runningOf(ownerId) < ownerMax);
      if (!taken) return;
      this.#all += 1;
      this.#running.set(taken.ownerId, this.#runningOf(taken.ownerId) + 1);
      taken.admit();
    }
  }

  #runningOf(ownerId: string): number {
    return this.#running.get(ownerId) ?? 0;
  }
}

/** Called between the steps of work. @throws {ApiError} `UNAVAILABLE` if nobody waits any more. */
export function throwIfAbandoned(signal: AbortSignal): void {
  if (signal.aborted) throw abandoned();
}

function abandoned(): ApiError {
  return new ApiError("UNAVAILABLE", { cause: "nobody waits for it any more" });
}
