import type { Metered } from "#shared/core/money/slices";
import type { AccountLane } from "./account-lane.ts";
import type { Arrival } from "./demand.ts";

/** One simulated execution. */
export interface SimulatedRun {
  readonly id: string;
  readonly ownerId: string;
  readonly lane: AccountLane;
  readonly arrival: Arrival;
  readonly metered: Metered;
  readonly createdAt: number;
}
