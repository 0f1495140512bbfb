/**
 * A gate between the owners whose requests one instance works on. An instance does one thing at a
 * time, so whoever sends most would else be served most (TEN-1). While one owner alone asks, nearly
 * everything is let in. While several do, few requests are worked on at once, each owner has its
 * share of them, and places that become free go to the waiting owners in turn.
 */
import { ApiError } from "../errors/api-error.ts";

export interface FairGateLimits {
  /** Requests that are worked on at once while several owners ask. */
  readonly sharedMax: number;
  /** The same while one owner alone asks; beyond it, only one of each owner that has none. */
  readonly aloneMax: number;
  /** Requests of one owner that wait for a place. */
  readonly ownerWaitingMax: number;
  readonly waitMsMax: number;
}

/** A request that has to wait. */
export interface Turn {
  /** @throws {ApiError} `OVERLOADED` if no place was free in time. */
  readonly entered: Promise<void>;
  /** For a client that went away: leaves the queue, or the place if it has one already. */
  cancel(): void;
}

interface Waiter {
  readonly admit: () => void;
}

interface OwnerLine {
  running: number;
  readonly waiting: Waiter[];
}

/** How long after another owner's request an instance counts as shared. */
const sharedMs = 1_000;
/** Places become free all the time. */
const retryAfterS = "1";

export class FairGate {
  readonly #limits: FairGateLimits;
  readonly #elapsed: () => number;
  /** Owners that have requests here. */
  readonly #lines = new Map<string, OwnerLine>();
  /** Those of them that have requests waiting; the first is served next. */
  readonly #queue = new Map<string, OwnerLine>();
  #running = 0;
  #latestOwner = "";
  #sharedUntilMs = Number.NEGATIVE_INFINITY;

  /** @param elapsed ms of a clock that never goes back. */
  constructor(limits: FairGateLimits, elapsed: () => number) {
    this.#limits = limits;
    this.#elapsed = elapsed;
  }

  /** Requests of all owners that have a place now. */
  get running(): number {
    return this.#running;
  }

  /**
   * Takes a place for a request of `ownerId`, which must be given back with `leave`. Null if there
   * was one, so that a request that needn't wait doesn't.
   * @throws {ApiError} `ACCOUNT_BUSY` if too many of the owner's requests wait already.
   */
  enter(ownerId: string): Turn | null {
    const nowMs = this.#elapsed();
    if (this.#latestOwner !== ownerId) {
      if (this.#latestOwner !== "") this.#sharedUntilMs = nowMs + sharedMs;
      this.#latestOwner = ownerId;
    }
    const line = this.#lineOf(ownerId);
    if (line.waiting.length === 0 && this.#hasPlace(line, nowMs)) {
      this.#admit(line);
      return null;
    }
    return this.#wait(ownerId, line);
  }

  /** Gives a place back; the next in turn takes it. */
  leave(ownerId: string): void {
    const line = this.#lines.get(ownerId);
    if (!line || line.running === 0) return;
    line.running -= 1;
    this.#running -= 1;
    this.#forget(ownerId, line);
    if (this.#queue.size > 0) this.#serve();
  }

  #lineOf(ownerId: string): OwnerLine {
    const known = this.#lines.get(ownerId);
    if (known) return known;
    const line: OwnerLine = { running: 0, waiting: [] };
    this.#lines.set(ownerId, line);
    return line;
  }

  #forget(ownerId: string, line: OwnerLine): void {
    if (line.running === 0 && line.waiting.length === 0) this.#lines.delete(ownerId);
  }

  #admit(line: OwnerLine): void {
    line.running += 1;
    this.#running += 1;
  }

  /**
   * An owner's share is its own even if others hold more than theirs, or all there is: they may do
   * so for long, with bodies that trickle in.
   */
  #hasPlace(line: OwnerLine, nowMs: number): boolean {
    const { sharedMax, aloneMax } = this.#limits;
    if (line.running === 0) return true;
    if (this.#running >= aloneMax) return false;
    const isShared = nowMs < this.#sharedUntilMs || this.#lines.size > 1;
    if (!isShared || this.#running < sharedMax) return true;
    return line.running < Math.max(1, Math.floor(sharedMax / this.#lines.size));
  }

  #wait(ownerId: string, line: OwnerLine): Turn {
    const { ownerWaitingMax, waitMsMax } = this.#limits;
    if (line.waiting.length >= ownerWaitingMax) {
      throw new ApiError("ACCOUNT_BUSY", { headers: { "retry-after": retryAfterS } });
    }
    const { promise: entered, resolve, reject } = Promise.withResolvers<void>();
    let isOver = false;
    const end = () => {
      const waited = !isOver;
      isOver = true;
      clearTimeout(timer);
      return waited;
    };
    const waiter: Waiter = {
      admit: () => {
        end();
        this.#admit(line);
        resolve();
      },
    };
    const withdraw = () => {
      if (!end()) return false;
      line.waiting.splice(line.waiting.indexOf(waiter), 1);
      if (line.waiting.length === 0) this.#queue.delete(ownerId);
      this.#forget(ownerId, line);
      return true;
    };
    const timer = setTimeout(() => {
      if (!withdraw()) return;
      reject(new ApiError("OVERLOADED", { headers: { "retry-after": retryAfterS } }));
    }, waitMsMax);
    line.waiting.push(waiter);
    this.#queue.set(ownerId, line);
    const cancel = () => {
      if (withdraw()) reject(new ApiError("OVERLOADED", { cause: "the client is gone" }));
    };
    return { entered, cancel };
  }

  /** One request of each waiting owner in turn, as long as there is a place for one of them. */
  #serve(): void {
    const nowMs = this.#elapsed();
    for (let served = true; served; ) {
      served = false;
      for (const [ownerId, line] of this.#queue) {
        if (!this.#hasPlace(line, nowMs)) continue;
        this.#queue.delete(ownerId);
        line.waiting.shift()?.admit();
        if (line.waiting.length > 0) this.#queue.set(ownerId, line);
        served = true;
        break;
      }
    }
  }
}
