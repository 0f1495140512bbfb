/** The changes of one owner that wait to be committed together, and how long for company. */
import type { KnownAccount, Waiting } from "./decide-together.ts";

export interface Lane {
  readonly waiting: Waiting[];
  running: boolean;
  known: KnownAccount | null;
  reading: Promise<KnownAccount | null> | null;
  /** At most so long it waits before a commit; zero while no other process gets in between. */
  lingerMs: number;
  /** What the last commit took: as long a gap follows it, for other processes to get in. */
  gapMs: number;
}

/** About what a commit takes, and what nobody notices. */
const lingerMs = { min: 16, max: 120 };
const shrink = 0.75;
const gapMsMax = 1_000;
/** Whoever has lost for so long lingers no more. */
const desperateAfterMs = 2_000;

export function newLane(): Lane {
  return { waiting: [], running: false, known: null, reading: null, lingerMs: 0, gapMs: 0 };
}

/** Another process was faster. */
export function lingerLonger(lane: Lane): void {
  lane.lingerMs = Math.min(lingerMs.max, Math.max(lingerMs.min, lane.lingerMs * 2));
}

/** A commit was made, so others may be through. Whoever always wins can't tell: hence the gap. */
export function lingerShorter(lane: Lane, tookMs: number): void {
  lane.lingerMs = lane.lingerMs < lingerMs.min ? 0 : lane.lingerMs * shrink;
  lane.gapMs = Math.min(gapMsMax, tookMs);
}

/** How long to wait now, by `chance` from 0 to below 1, so that who met once doesn't meet again. */
export function nextPauseMs(lane: Lane, chance: number): number {
  const { gapMs } = lane;
  lane.gapMs = 0;
  const [oldest] = lane.waiting;
  const isDesperate = oldest && performance.now() - oldest.since > desperateAfterMs;
  return gapMs + (isDesperate ? 0 : lane.lingerMs * chance);
}
