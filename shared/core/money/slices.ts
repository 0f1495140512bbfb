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
export function firstSliceMicrousd(of: Metered, slices: SliceLengths): number {
  const paidMs = Math.min(of.wallClockMs, slices.lengthMs + slices.endingMs);
  return computeCostMicrousd(of.profile, paidMs);
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
  of: Metered,
  at: { readonly elapsedMs: number; readonly heldMicrousd: number; readonly beatMs: number },
  slices: SliceLengths,
): SliceNeed | null {
  const paid = paidMs(of, at.heldMicrousd);
  if (paid >= of.wallClockMs) return null;
  const workMs = paid - slices.endingMs;
  if (workMs - at.elapsedMs > slices.lengthMs / 2) return null;
  const toMs = Math.max(workMs, at.elapsedMs) + slices.lengthMs + slices.endingMs;
  return {
    toMicrousd: computeCostMicrousd(of.profile, Math.min(of.wallClockMs, toMs)),
    atLeastMicrousd: computeCostMicrousd(of.profile, at.beatMs),
  };
}

/** Whether the work must end now: at the next beat, too little would be left to end with. */
export function mustEnd(
  of: Metered,
  at: { readonly elapsedMs: number; readonly heldMicrousd: number; readonly beatMs: number },
  slices: SliceLengths,
): boolean {
  const paid = paidMs(of, at.heldMicrousd);
  return paid < of.wallClockMs && at.elapsedMs + at.beatMs > paid - slices.endingMs;
}
