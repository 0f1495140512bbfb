/** The changes of one owner that wait to be committed, which of them go next, and when. */
import type { Owner } from "../identity/owner.ts";
import type { KnownAccount, Waiting } from "./decide-together.ts";

export interface OwnerQueue {
  /** Whether it commits without pausing for other processes, as closings must (KEY-10). */
  readonly urgent: boolean;
  readonly waiting: Waiting[];
  running: boolean;
  account: KnownAccount | null;
  reading: Promise<KnownAccount | null> | null;
  /** The longest pause before a commit; zero while no other process competes. */
  delayMsMax: number;
  /** How long the last commit took. The next one waits as long, to let other processes in. */
  yieldMs: number;
  /** Closings of this owner that are under way; other changes wait for them (KEY-10). */
  readonly closings: Set<Promise<unknown>>;
  /** Whether the last commit was a group. If so, a change that is committed alone comes next. */
  groupWasLast: boolean;
}

/** Firestore's own limits are far higher; a commit of this size still answers within 100 ms. */
export const changesPerCommitMax = 40;
/** At least the duration of one commit, at most a delay that clients don't notice. */
const delayBoundsMs = { min: 16, max: 120 };
const shrink = 0.75;
const yieldMsMax = 1_000;
/** A queue whose oldest change has waited for this long doesn't pause any more. */
const noPauseAfterMs = 2_000;
/** How many queues are remembered. Forgetting an owner's queue costs one more read. */
const queuesMax = 1_000;

function newQueue(options: { readonly urgent: boolean }): OwnerQueue {
  return {
    ...options,
    waiting: [],
    running: false,
    account: null,
    reading: null,
    delayMsMax: 0,
    yieldMs: 0,
    closings: new Set(),
    groupWasLast: false,
  };
}

/** What is committed next: a batch, or how long to wait for one. */
export type Next =
  | { readonly batch: readonly Waiting[] }
  | { readonly batch: null; readonly inMs: number };

/**
 * Takes the next batch out of the queue. Changes that made a commit fail are committed alone, and
 * alternate with groups of other changes, so that neither delays the other.
 */
export function takeNext(queue: OwnerQueue, now: number): Next {
  const ready = queue.waiting.filter(({ notBefore }) => notBefore <= now);
  if (ready.length === 0) {
    const earliest = Math.min(...queue.waiting.map(({ notBefore }) => notBefore));
    return { batch: null, inMs: Math.max(1, earliest - now) };
  }
  const group = ready.filter(({ alone }) => !alone).slice(0, changesPerCommitMax);
  const single = ready.find(({ alone }) => alone);
  const takesGroup = group.length > 0 && (single === undefined || !queue.groupWasLast);
  const batch = takesGroup || single === undefined ? group : [single];
  queue.groupWasLast = takesGroup;
  const taken = new Set(batch);
  const rest = queue.waiting.filter((waiting) => !taken.has(waiting));
  queue.waiting.splice(0, queue.waiting.length, ...rest);
  return { batch };
}

/** Called when a commit lost to another process. */
export function growDelay(queue: OwnerQueue): void {
  queue.delayMsMax = Math.min(delayBoundsMs.max, Math.max(delayBoundsMs.min, queue.delayMsMax * 2));
}

/**
 * Called after a successful commit. A process that keeps winning never learns that others wait, so
 * it pauses after each win.
 */
export function shrinkDelay(queue: OwnerQueue, tookMs: number): void {
  queue.delayMsMax = queue.delayMsMax < delayBoundsMs.min ? 0 : queue.delayMsMax * shrink;
  queue.yieldMs = Math.min(yieldMsMax, tookMs);
}

/**
 * How long to wait before the next commit. `chance` is random from 0 to below 1, so that processes
 * that collided don't collide again.
 */
export function nextPauseMs(queue: OwnerQueue, chance: number): number {
  const { yieldMs } = queue;
  queue.yieldMs = 0;
  if (queue.urgent) return 0;
  const [oldest] = queue.waiting;
  const isOverdue = oldest && performance.now() - oldest.arrivedAt > noPauseAfterMs;
  return yieldMs + (isOverdue ? 0 : queue.delayMsMax * chance);
}

/** Each owner's two queues: one for closings and one for all other changes. */
export class OwnerQueues {
  readonly #queues = new Map<string, OwnerQueue>();

  /** The queue of an owner's changes other than closings. */
  of({ id }: Owner): OwnerQueue {
    return this.#queue(id, false);
  }

  /** The queue of an owner's closings that need the account. They wait only for each other. */
  closingsOf({ id }: Owner): OwnerQueue {
    return this.#queue(`${id} closings`, true);
  }

  #queue(name: string, urgent: boolean): OwnerQueue {
    const queue = this.#queues.get(name) ?? newQueue({ urgent });
    this.#queues.delete(name);
    this.#queues.set(name, queue);
    for (const [oldName, old] of this.#queues) {
      if (this.#queues.size <= queuesMax) break;
      if (!old.running && old.closings.size === 0) this.#queues.delete(oldName);
    }
    return queue;
  }
}
