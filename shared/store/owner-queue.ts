/** The changes of one owner that wait to be committed, which of them go next, and when. */
import type { Owner } from "../identity/owner.ts";
import type { KnownAccount, Waiting } from "./decide-together.ts";

export interface OwnerQueue {
  /** Whether it waits for no other process: closings do not (KEY-10). */
  readonly urgent: boolean;
  readonly waiting: Waiting[];
  running: boolean;
  known: KnownAccount | null;
  reading: Promise<KnownAccount | null> | null;
  /** At most so long it waits before a commit; zero while no other process gets in between. */
  lingerMs: number;
  /** What the last commit took: as long a gap follows it, for other processes to get in. */
  gapMs: number;
  /** Closings of this owner that are under way: what tenants sent waits for them (KEY-10). */
  readonly closings: Set<Promise<unknown>>;
  /** Whether the last commit held a group of changes, so that one that goes alone is next. */
  groupWasLast: boolean;
}

/** Firestore's own limits are far higher; a commit this size still answers within 100 ms. */
export const changesPerCommitMax = 40;
/** About what a commit takes, and what nobody notices. */
const lingerMs = { min: 16, max: 120 };
const shrink = 0.75;
const gapMsMax = 1_000;
/** Whoever has lost for so long lingers no more. */
const desperateAfterMs = 2_000;
/** Queues kept for their known account; an owner whose queue was dropped costs one more read. */
const queuesMax = 1_000;

function newQueue(options: { readonly urgent: boolean }): OwnerQueue {
  return {
    ...options,
    waiting: [],
    running: false,
    known: null,
    reading: null,
    lingerMs: 0,
    gapMs: 0,
    closings: new Set(),
    groupWasLast: false,
  };
}

/** What is committed next: a batch, or how long to wait for one. */
export type Next =
  | { readonly batch: readonly Waiting[] }
  | { readonly batch: null; readonly inMs: number };

/**
 * Takes what goes next out of the queue. A change that made a commit fail goes alone from then on,
 * and takes turns with the groups of the others: neither side can hold the other up.
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

/** Another process was faster. */
export function growDelay(queue: OwnerQueue): void {
  queue.lingerMs = Math.min(lingerMs.max, Math.max(lingerMs.min, queue.lingerMs * 2));
}

/** A commit was made, so others may be through. Whoever always wins can't tell: hence the gap. */
export function shrinkDelay(queue: OwnerQueue, tookMs: number): void {
  queue.lingerMs = queue.lingerMs < lingerMs.min ? 0 : queue.lingerMs * shrink;
  queue.gapMs = Math.min(gapMsMax, tookMs);
}

/** How long to wait now, by `chance` from 0 to below 1, so that who met once doesn't meet again. */
export function nextPauseMs(queue: OwnerQueue, chance: number): number {
  const { gapMs } = queue;
  queue.gapMs = 0;
  if (queue.urgent) return 0;
  const [oldest] = queue.waiting;
  const isDesperate = oldest && performance.now() - oldest.since > desperateAfterMs;
  return gapMs + (isDesperate ? 0 : queue.lingerMs * chance);
}

/** Each owner's queues: one for what tenants sent, one for closings, which wait for nobody. */
export class OwnerQueues {
  readonly #queues = new Map<string, OwnerQueue>();

  /** Where the changes of an owner's tenants wait for one another. */
  of({ id }: Owner): OwnerQueue {
    return this.#queue(id, false);
  }

  /** Where closings that decide on the account wait, for none but each other. */
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
