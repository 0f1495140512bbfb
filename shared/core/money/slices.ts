/** How long held money lasts, and when more must be held. Pure; times come from the gateway. */
import type { Profile } from "../../protocol/job.ts";
import { computeCostMicrousd, microusdPerMinute } from "./pricing.ts";

export interface SliceLengths {
  readonly lengthMs: number;
  /** Held from the start in addition, so that an orderly end is paid for. */
  readonly endingMs: number;
}

/** What an execution's price depends on; its clock starts at the claim. */
export interface Metered {
  readonly profile: Profile;
  readonly wallClockMs: number;
}

/** The hold that an execution starts with: its first slice and its ending, or its full cost. */
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

/** Whether work must end now because too little would be left to end with at the next heartbeat. */
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
