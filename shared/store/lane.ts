/** The changes of one owner that wait to be committed, which of them go next, and when. */
import type { Owner } from "../identity/owner.ts";
import type { KnownAccount, Waiting } from "./decide-together.ts";

export interface Lane {
  /** Whether it doesn't wait for other processes; closings don't (KEY-10). */
  readonly urgent: boolean;
  readonly waiting: Waiting[];
  running: boolean;
  known: KnownAccount | null;
  reading: Promise<KnownAccount | null> | null;
  /** The longest pause before a commit; zero while no other process competes. */
  lingerMs: number;
  /**
   * How long the last commit took. A pause of that length follows, so that other processes get in.
   */
  gapMs: number;
  /** Closings of this owner that are under way; other changes wait for them (KEY-10). */
  readonly closings: Set<Promise<unknown>>;
  /** Whether the last commit held a group of changes, so that a change that goes alone is next. */
  groupWasLast: boolean;
}

/** Firestore's own limits are far higher; a commit of this size still answers within 100 ms. */
export const changesPerCommitMax = 40;
/** From the duration of one commit to a delay that clients don't notice. */
const lingerMs = { min: 16, max: 120 };
const shrink = 0.75;
const gapMsMax = 1_000;
/** A lane that has been losing for this long doesn't pause any more. */
const desperateAfterMs = 2_000;
/** How many lanes keep their account; an owner whose lane was dropped costs one more read. */
const lanesMax = 1_000;

function newLane(options: { readonly urgent: boolean }): Lane {
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
 * Takes what goes next out of the lane. A change that made a commit fail goes alone from then on
 * and alternates with groups of others, so neither side delays the other.
 */
export function takeNext(lane: Lane, now: number): Next {
  const ready = lane.waiting.filter(({ notBefore }) => notBefore <= now);
  if (ready.length === 0) {
    const earliest = Math.min(...lane.waiting.map(({ notBefore }) => notBefore));
    return { batch: null, inMs: Math.max(1, earliest - now) };
  }
  const group = ready.filter(({ alone }) => !alone).slice(0, changesPerCommitMax);
  const single = ready.find(({ alone }) => alone);
  const takesGroup = group.length > 0 && (single === undefined || !lane.groupWasLast);
  const batch = takesGroup || single === undefined ? group : [single];
  lane.groupWasLast = takesGroup;
  const taken = new Set(batch);
  const rest = lane.waiting.filter((waiting) => !taken.has(waiting));
  lane.waiting.splice(0, lane.waiting.length, ...rest);
  return { batch };
}

/** Called when another process was faster. */
export function growDelay(lane: Lane): void {
  lane.lingerMs = Math.min(lingerMs.max, Math.max(lingerMs.min, lane.lingerMs * 2));
}

/**
 * Called after a successful commit. A process that keeps winning never learns that others wait, so
 * it pauses after each win.
 */
export function shrinkDelay(lane: Lane, tookMs: number): void {
  lane.lingerMs = lane.lingerMs < lingerMs.min ? 0 : lane.lingerMs * shrink;
  lane.gapMs = Math.min(gapMsMax, tookMs);
}

/**
 * How long to wait now. `chance` is from 0 to below 1, so processes that collided don't collide
 * again.
 */
export function nextPauseMs(lane: Lane, chance: number): number {
  const { gapMs } = lane;
  lane.gapMs = 0;
  if (lane.urgent) return 0;
  const [oldest] = lane.waiting;
  const isDesperate = oldest && performance.now() - oldest.since > desperateAfterMs;
  return gapMs + (isDesperate ? 0 : lane.lingerMs * chance);
}

/**
 * Each owner's lanes: one for ordinary changes, and one for closings, which don't wait for those.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  /** The lane where an owner's ordinary changes wait for each other. */
  of({ id }: Owner): Lane {
    return this.#lane(id, false);
  }

  /** The lane of closings that decide on the account; they wait only for each other. */
  closingsOf({ id }: Owner): Lane {
    return this.#lane(`${id} closings`, true);
  }

  #lane(name: string, urgent: boolean): Lane {
    const lane = this.#lanes.get(name) ?? newLane({ urgent });
    this.#lanes.delete(name);
    this.#lanes.set(name, lane);
    for (const [oldName, old] of this.#lanes) {
      if (this.#lanes.size <= lanesMax) break;
      if (!old.running && old.closings.size === 0) this.#lanes.delete(oldName);
    }
    return lane;
  }
}
