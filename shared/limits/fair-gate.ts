/**
 * Divides an instance's time among the owners that send it requests. An instance computes one thing
 * at a time, so without this gate the owner that sends most would be served most (TEN-1). While a
 * single owner sends requests, nearly all are admitted. While several do, only a few requests are
 * in progress at once: each owner has a share of them, and free places go to waiting owners in
 * turn.
 *
 * There are three kinds of requests: endings, which revoke, suspend, cancel, delete an environment
 * or settle an execution; those that people need in order to close a key, because they show what to
 * end or cut what it may spend; and all others. An owner has one place of each kind for certain, so
 * the first two kinds never wait for other requests (KEY-10). Of these two kinds, an owner's
 * requests take turns by the key that sent them, and a key with all that come from it.
 */
import { TurnTree } from "../core/limits/turn-tree.ts";
import { ApiError } from "../errors/api-error.ts";

export interface FairGateLimits {
  /** Requests in progress while several owners ask. */
  readonly sharedMax: number;
  /**
   * Requests in progress while a single owner asks. Beyond it, an owner below its share is still
   * admitted.
   */
  readonly aloneMax: number;
  /** How many requests of one owner may wait; urgent ones are counted per key. */
  readonly ownerWaitingMax: number;
  readonly waitMsMax: number;
}

/** A request that has to wait. */
export interface Turn {
  /** @throws {ApiError} `OVERLOADED` if no place was free in time. */
  readonly entered: Promise<void>;
  /** Leaves the queue, for a client that went away. Does nothing once the request has a place. */
  cancel(): void;
}

/** What a request is for, if that is more urgent than others, and its place among the turns. */
export interface Urgent {
  readonly kind: Exclude<RequestKind, "requests">;
  readonly turn: readonly string[];
}
export type RequestKind = "requests" | "endings" | "needed";

interface QueuedRequest {
  readonly admit: () => void;
}

/** An owner's requests of one kind. */
interface Queue {
  readonly owner: OwnerRequests;
  running: number;
  /** Urgent ones wait by the key that sent them; other requests all wait in one queue. */
  readonly waiting: TurnTree<QueuedRequest>;
}

class OwnerRequests {
  readonly id: string;
  readonly requests: Queue = { owner: this, running: 0, waiting: new TurnTree() };
  readonly endings: Queue = { owner: this, running: 0, waiting: new TurnTree() };
  readonly needed: Queue = { owner: this, running: 0, waiting: new TurnTree() };
  constructor(id: string) {
    this.id = id;
  }

  get running(): number {
    return this.requests.running + this.endings.running + this.needed.running;
  }

  get isIdle(): boolean {
    const { requests, endings, needed } = this;
    return (
      this.running === 0 && [requests, endings, needed].every(({ waiting }) => waiting.isEmpty)
    );
  }
}

/** Requests that aren't urgent are served in the order in which they came, whatever their key. */
const anyKey: readonly string[] = [];

/** How long an instance counts as shared after requests of two owners. */
const sharedMs = 1_000;
/** Requests that compute for a shorter time disturb nobody. */
const restingFromMs = 5;
const restMsMax = 250;
/** Places become free all the time, so a short wait is enough. */
const retryAfterS = "1";

export class FairGate {
  readonly #limits: FairGateLimits;
  readonly #elapsed: () => number;
  /** Owners that have requests here. */
  readonly #owners = new Map<string, OwnerRequests>();
  /** Queues with waiting requests; the first is served next. */
  readonly #waiting = new Set<Queue>();
  #running = 0;
  #latestOwner = "";
  #sharedUntilMs = Number.NEGATIVE_INFINITY;

  /** @param elapsed milliseconds of a monotonic clock. */
  constructor(limits: FairGateLimits, elapsed: () => number) {
    this.#limits = limits;
    this.#elapsed = elapsed;
  }

  /** How many requests of all owners have a place now. */
  get running(): number {
    return this.#running;
  }

  /**
   * Takes a place for a request of `ownerId`, or queues for one. The caller gives the place back
   * with `leave`.
   * @param urgent Null for requests that neither end something nor are needed for that.
   * @returns Null if a place was free, so that the request needn't wait for a promise.
   * @throws {ApiError} `ACCOUNT_BUSY` if too many requests of the owner, or urgent ones of the key,
   * wait already.
   */
  enter(ownerId: string, urgent: Urgent | null = null): Turn | null {
    const nowMs = this.#elapsed();
    if (this.#latestOwner !== ownerId) {
      if (this.#latestOwner !== "") this.#sharedUntilMs = nowMs + sharedMs;
      this.#latestOwner = ownerId;
    }
    const owner = this.#ownerOf(ownerId);
    const queue = owner[urgent?.kind ?? "requests"];
    if (queue.waiting.isEmpty && this.#hasPlace(queue, nowMs)) {
      this.#admit(queue);
      return null;
    }
    return this.#wait(queue, urgent?.turn ?? anyKey);
  }

  /**
   * Gives a place back, and the next in turn takes it. If the instance is shared and the owner has
   * more requests waiting, the place first stays empty for as long as the instance computed while
   * it was taken. So other owners find the instance idle half of the time.
   * @param computedMs How long the instance computed, for any owner, while the place was taken.
   */
  leave(ownerId: string, kind: RequestKind = "requests", computedMs = 0): void {
    const waits = this.#owners.get(ownerId)?.[kind].waiting.isEmpty === false;
    const rests = kind !== "endings" && waits && computedMs >= restingFromMs;
    if (rests && this.#isShared(this.#elapsed())) {
      setTimeout(() => this.#release(ownerId, kind), Math.min(computedMs, restMsMax)).unref();
    } else this.#release(ownerId, kind);
  }

  #release(ownerId: string, kind: RequestKind): void {
    const queue = this.#owners.get(ownerId)?.[kind];
    if (!queue || queue.running === 0) return;
    queue.running -= 1;
    this.#running -= 1;
    this.#forget(queue.owner);
    if (this.#waiting.size > 0) this.#serve();
  }

  #ownerOf(id: string): OwnerRequests {
    const known = this.#owners.get(id);
    if (known) return known;
    const owner = new OwnerRequests(id);
    this.#owners.set(id, owner);
    return owner;
  }

  #forget(owner: OwnerRequests): void {
    if (owner.isIdle) this.#owners.delete(owner.id);
  }

  #admit(queue: Queue): void {
    queue.running += 1;
    this.#running += 1;
  }

  /**
   * An owner gets its share even while others have more than theirs, because they may keep those
   * places for a long time, with bodies that trickle in.
   */
  #hasPlace({ running, owner }: Queue, nowMs: number): boolean {
    if (running === 0) return true;
    const { aloneMax } = this.#limits;
    const sharedMax = Math.min(this.#limits.sharedMax, aloneMax);
    const share = Math.floor(sharedMax / this.#owners.size);
    if (owner.running < share) return true;
    return this.#running < (this.#isShared(nowMs) ? sharedMax : aloneMax);
  }

  #isShared(nowMs: number): boolean {
    return nowMs < this.#sharedUntilMs || this.#owners.size > 1;
  }

  #wait(queue: Queue, turn: readonly string[]): Turn {
    const { ownerWaitingMax, waitMsMax } = this.#limits;
    if (queue.waiting.lengthOf(turn) >= ownerWaitingMax) {
      throw new ApiError("ACCOUNT_BUSY", { headers: { "retry-after": retryAfterS } });
    }
    const { promise: entered, resolve, reject } = Promise.withResolvers<void>();
    let isOver = false;
    const end = () => {
      const wasWaiting = !isOver;
      isOver = true;
      clearTimeout(timer);
      return wasWaiting;
    };
    const waiter: QueuedRequest = {
      admit: () => {
        end();
        this.#admit(queue);
        resolve();
      },
    };
    const withdraw = () => {
      if (!end()) return false;
      queue.waiting.remove(turn, waiter);
      if (queue.waiting.isEmpty) this.#waiting.delete(queue);
      this.#forget(queue.owner);
      return true;
    };
    const timer = setTimeout(() => {
      if (!withdraw()) return;
      reject(new ApiError("OVERLOADED", { headers: { "retry-after": retryAfterS } }));
    }, waitMsMax);
    queue.waiting.add(turn, waiter);
    this.#waiting.add(queue);
    const cancel = () => {
      if (withdraw()) reject(new ApiError("OVERLOADED", { cause: "the client is gone" }));
    };
    return { entered, cancel };
  }

  /** Serves one request of each waiting queue in turn while places are free. */
  #serve(): void {
    const nowMs = this.#elapsed();
    for (let served = true; served; ) {
      served = false;
      for (const queue of this.#waiting) {
        if (!this.#hasPlace(queue, nowMs)) continue;
        this.#waiting.delete(queue);
        queue.waiting.takeNext()?.admit();
        if (!queue.waiting.isEmpty) this.#waiting.add(queue);
        served = true;
        break;
      }
    }
  }
}
