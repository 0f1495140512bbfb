/**
 * A gate between the owners whose requests one instance works on. An instance does one thing at a
 * time, so an owner that sends most would else be served most (TEN-1). While one owner alone asks,
 * nearly everything is let in. While several do, few requests are worked on at once, each owner has
 * its share of them, and places that become free go to the waiting owners in turn.
 *
 * What ends something is counted with its owner's other requests. Of each kind an owner has one
 * place that nothing takes from it, so an ending waits for no other kind of request (KEY-10). Among
 * themselves an owner's endings take turns by the key that asks for them.
 */
import { ApiError } from "../errors/api-error.ts";

export interface FairGateLimits {
  /** Requests that are worked on at once while several owners ask. */
  readonly sharedMax: number;
  /** The same while one owner alone asks; beyond it, only each owner's share is let in. */
  readonly aloneMax: number;
  /** Requests of one owner that wait for a place; endings are counted for each key. */
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

/** An owner's requests of one kind. */
interface Line {
  readonly owner: OwnerLines;
  running: number;
  /** By the key that asks for an ending; all other requests stand together. */
  readonly waiting: Map<string, Waiter[]>;
}

class OwnerLines {
  readonly id: string;
  readonly requests: Line = { owner: this, running: 0, waiting: new Map() };
  readonly endings: Line = { owner: this, running: 0, waiting: new Map() };
  constructor(id: string) {
    this.id = id;
  }

  get running(): number {
    return this.requests.running + this.endings.running;
  }

  get isIdle(): boolean {
    return this.running + this.requests.waiting.size + this.endings.waiting.size === 0;
  }
}

/** Requests that end nothing come in the order they were sent, whatever their key. */
const anyKey = "";

/** An instance is shared while several owners have requests in it, and for so long afterwards. */
const sharedMs = 1_000;
/** Requests that compute less disturb nobody. */
const restingFromMs = 5;
const restMsMax = 250;
/** Places become free all the time. */
const retryAfterS = "1";

export class FairGate {
  readonly #limits: FairGateLimits;
  readonly #elapsed: () => number;
  /** Owners that have requests here. */
  readonly #owners = new Map<string, OwnerLines>();
  /** Lines with requests that wait; the first is served next. */
  readonly #queue = new Set<Line>();
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
   * @param endingKeyId the key that asks to end something; null for all other requests.
   * @throws {ApiError} `ACCOUNT_BUSY` if too many such requests wait already: of the owner, or of
   *   the key whose endings they are.
   */
  enter(ownerId: string, endingKeyId: string | null = null): Turn | null {
    const nowMs = this.#elapsed();
    if (this.#latestOwner !== ownerId) {
      if (this.#latestOwner !== "") this.#sharedUntilMs = nowMs + sharedMs;
      this.#latestOwner = ownerId;
    }
    const owner = this.#ownerOf(ownerId);
    const line = endingKeyId === null ? owner.requests : owner.endings;
    if (line.waiting.size === 0 && this.#hasPlace(line, nowMs)) {
      this.#admit(line);
      return null;
    }
    return this.#wait(line, endingKeyId ?? anyKey);
  }

  /**
   * Gives a place back; the next in turn takes it. On a shared instance the place of an owner that
   * has more requests waiting rests first for as long as the instance computed meanwhile: what
   * comes of others finds it idle half of the time.
   * @param computedMs how long it computed, for whomever, while the request had the place.
   */
  leave(ownerId: string, kind: "requests" | "endings" = "requests", computedMs = 0): void {
    const waits = (this.#owners.get(ownerId)?.requests.waiting.size ?? 0) > 0;
    const rests = kind === "requests" && waits && computedMs >= restingFromMs;
    if (rests && this.#isShared(this.#elapsed())) {
      setTimeout(() => this.#release(ownerId, kind), Math.min(computedMs, restMsMax)).unref();
    } else this.#release(ownerId, kind);
  }

  #release(ownerId: string, kind: "requests" | "endings"): void {
    const line = this.#owners.get(ownerId)?.[kind];
    if (!line || line.running === 0) return;
    line.running -= 1;
    this.#running -= 1;
    this.#forget(line.owner);
    if (this.#queue.size > 0) this.#serve();
  }

  #ownerOf(id: string): OwnerLines {
    const known = this.#owners.get(id);
    if (known) return known;
    const owner = new OwnerLines(id);
    this.#owners.set(id, owner);
    return owner;
  }

  #forget(owner: OwnerLines): void {
    if (owner.isIdle) this.#owners.delete(owner.id);
  }

  #admit(line: Line): void {
    line.running += 1;
    this.#running += 1;
  }

  /**
   * An owner's share is its own even if others hold more than theirs, or all there is: they may do
   * so for long, with bodies that trickle in.
   */
  #hasPlace({ running, owner }: Line, nowMs: number): boolean {
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

  #wait(line: Line, keyId: string): Turn {
    const { ownerWaitingMax, waitMsMax } = this.#limits;
    const waiting = line.waiting.get(keyId) ?? [];
    if (waiting.length >= ownerWaitingMax) {
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
      waiting.splice(waiting.indexOf(waiter), 1);
      if (waiting.length === 0) line.waiting.delete(keyId);
      if (line.waiting.size === 0) this.#queue.delete(line);
      this.#forget(line.owner);
      return true;
    };
    const timer = setTimeout(() => {
      if (!withdraw()) return;
      reject(new ApiError("OVERLOADED", { headers: { "retry-after": retryAfterS } }));
    }, waitMsMax);
    waiting.push(waiter);
    line.waiting.set(keyId, waiting);
    this.#queue.add(line);
    const cancel = () => {
      if (withdraw()) reject(new ApiError("OVERLOADED", { cause: "the client is gone" }));
    };
    return { entered, cancel };
  }

  /** One request of each waiting line in turn, as long as there is a place for one of them. */
  #serve(): void {
    const nowMs = this.#elapsed();
    for (let served = true; served; ) {
      served = false;
      for (const line of this.#queue) {
        if (!this.#hasPlace(line, nowMs)) continue;
        this.#queue.delete(line);
        takeNext(line.waiting)?.admit();
        if (line.waiting.size > 0) this.#queue.add(line);
        served = true;
        break;
      }
    }
  }
}

/** The first request of the key whose turn it is, which then goes behind the other keys. */
function takeNext(waiting: Map<string, Waiter[]>): Waiter | undefined {
  for (const [keyId, waiters] of waiting) {
    waiting.delete(keyId);
    const next = waiters.shift();
    if (waiters.length > 0) waiting.set(keyId, waiters);
    return next;
  }
  return undefined;
}
