/** For how long what is held pays, and when more must be held: pure, from the gateway's clock. */
import type { Profile } from "../../protocol/job.ts";
import { computeCostMicrousd, microusdPerMinute } from "./pricing.ts";

export interface SliceLengths {
  readonly lengthMs: number;
  /** Held beside the work from the start: ending in order is paid for. */
  readonly endingMs: number;
}

/** What an execution's price follows from; its clock starts when it is claimed. */
export interface Metered {
  readonly profile: Profile;
  readonly wallClockMs: number;
}

/** The hold an execution starts with: its first slice and its ending, or all it can cost. */
export function firstSliceMicrousd(metered: Metered, slices: SliceLengths): number {
  const paidMs = Math.min(metered.wallClockMs, slices.lengthMs + slices.endingMs);
  return computeCostMicrousd(metered.profile, paidMs);
}

/** How long an execution may take, from its claim on, until `heldMicrousd` are spent. */
export function paidMs({ profile, wallClockMs }: Metered, heldMicrousd: number): number {
  const bought = Math.floor((heldMicrousd * 60_000) / microusdPerMinute[profile]);
  return heldMicrousd >= computeCostMicrousd(profile, wallClockMs) ? wallClockMs : bought;
}

export interface SliceNeed {
  /** What to hold in all from now on. */
  readonly toMicrousd: number;
  /** What at least to hold more: the time until the next beat. */
  readonly atLeastMicrousd: number;
}

/** Whether it is time to hold more: when half a slice of work is left. Null if it isn't. */
export function sliceNeed(
  metered: Metered,
  progress: { readonly elapsedMs: number; readonly heldMicrousd: number; readonly beatMs: number },
  slices: SliceLengths,
): SliceNeed | null {
  const paid = paidMs(metered, progress.heldMicrousd);
  if (paid >= metered.wallClockMs) return null;
  const workMs = paid - slices.endingMs;
  if (workMs - progress.elapsedMs > slices.lengthMs / 2) return null;
  const toMs = Math.max(workMs, progress.elapsedMs) + slices.lengthMs + slices.endingMs;
  return {
    toMicrousd: computeCostMicrousd(metered.profile, Math.min(metered.wallClockMs, toMs)),
    atLeastMicrousd: computeCostMicrousd(metered.profile, progress.beatMs),
  };
}

/** Whether the work must end now: at the next beat, too little would be left to end with. */
export function mustEnd(
  metered: Metered,
  progress: { readonly elapsedMs: number; readonly heldMicrousd: number; readonly beatMs: number },
  slices: SliceLengths,
): boolean {
  const paid = paidMs(metered, progress.heldMicrousd);
  return (
    paid < metered.wallClockMs && progress.elapsedMs + progress.beatMs > paid - slices.endingMs
  );
}
