/** The changes of one owner that wait to be committed together, and how long for company. */
import type { KnownAccount, Waiting } from "./decide-together.ts";

export interface Lane {
  readonly waiting: Waiting[];
  running: boolean;
  known: KnownAccount | null;
  reading: Promise<KnownAccount | null> | null;
  /** At most so long it waits before a commit; zero while no other process gets in between. */
  lingerMs: number;
}

/** About what a commit takes, and what nobody notices. */
const lingerMs = { min: 16, max: 250 };
const shrink = 0.75;

export function newLane(): Lane {
  return { waiting: [], running: false, known: null, reading: null, lingerMs: 0 };
}

/** Another process was faster. */
export function lingerLonger(lane: Lane): void {
  lane.lingerMs = Math.min(lingerMs.max, Math.max(lingerMs.min, lane.lingerMs * 2));
}

/** A commit was made, so others may be through. */
export function lingerShorter(lane: Lane): void {
  lane.lingerMs = lane.lingerMs < lingerMs.min ? 0 : lane.lingerMs * shrink;
}
