/** Computes how long held money lasts, and when more must be held. Times come from the gateway. */
import type { Profile } from "../../protocol/job.ts";
import { computeCostMicrousd, microusdPerMinute } from "./pricing.ts";

export interface SliceLengths {
  readonly lengthMs: number;
  /** The time that the hold also pays for, so that an orderly end is covered. */
  readonly endingMs: number;
}

/** The values that an execution's price depends on; its time counts from the claim. */
export interface Metered {
  readonly profile: Profile;
  readonly wallClockMs: number;
}

/** The hold at the start: the first slice and the ending, or the full cost if that is less. */
export function firstSliceMicrousd(metered: Metered, slices: SliceLengths): number {
  const paidMs = Math.min(metered.wallClockMs, slices.lengthMs + slices.endingMs);
  return computeCostMicrousd(metered.profile, paidMs);
}

/** How long an execution may take from its claim until `heldMicrousd` are spent. */
export function paidMs({ profile, wallClockMs }: Metered, heldMicrousd: number): number {
  const bought = Math.floor((heldMicrousd * 60_000) / microusdPerMinute[profile]);
  return heldMicrousd >= computeCostMicrousd(profile, wallClockMs) ? wallClockMs : bought;
}

export interface SliceNeed {
  /** The total to hold from now on. */
  readonly toMicrousd: number;
  /** The least useful addition: it pays for the time until the next heartbeat. */
  readonly atLeastMicrousd: number;
}

/** What to hold once half a slice of work is left; null before that. */
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

/**
 * Whether work must end now, because at the next heartbeat too little would be left for the end.
 */
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
