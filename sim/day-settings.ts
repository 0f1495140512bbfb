/** The settings of a simulated day: the product's own numbers, and the platform's. */
import { DeploymentLimits } from "#shared/core/limits/deployment-limits";
import { standBackMs } from "#shared/pipeline/dispatch-started";
import { sweepingMsMax } from "#shared/pipeline/sweep-each";
import { atOnceMax, executionsMax } from "../functions/maintenance/sweep-executions.ts";
import { service as threads } from "../functions/threads/index.ts";
import { type LaneSettings, productLane } from "./account-lane.ts";
import { durations, habits, quotas } from "./assumptions.ts";
import type { RoomSettings } from "./platform-quota.ts";

export interface OutboxSettings {
  readonly everyMs: number;
  readonly dueMax: number;
  readonly sweepingMsMax: number;
  /** The time to take one up and start it. */
  readonly itemMs: number;
  /** The time to end one that has waited too long. */
  readonly giveUpMs: number;
  readonly atOnce: number;
}

export interface DaySettings {
  readonly room: RoomSettings;
  readonly lane: LaneSettings;
  readonly outbox: OutboxSettings;
  readonly limits: DeploymentLimits;
  readonly runJobMs: number;
  readonly savingMs: number;
  readonly standBackMs: number;
  /** Instances of `threads`. */
  readonly instances: { readonly max: number; readonly streamsEach: number };
  /** How many of these make a region. */
  readonly parts: number;
  /** An owner's limits relative to its average load; Infinity means none. */
  readonly limitsFactor: number;
}

const { readMs, commitMs, runJobMs, outboxEveryMs, savingMs } = durations;

/** A region of today's deployment. */
export const productDay: DaySettings = {
  room: {
    callsMax: quotas.runJobCalls.value,
    windowMs: 60_000,
    runningMax: quotas.running.value,
  },
  lane: {
    ...productLane,
    commitMs: commitMs.value,
    commitsPerSecondMax: quotas.documentCommits.value,
    commitsAhead: 10,
  },
  outbox: {
    everyMs: outboxEveryMs.value,
    dueMax: executionsMax,
    sweepingMsMax,
    // It is read, gets a new ticket, is started, and its job's name is recorded.
    itemMs: readMs.value + 2 * commitMs.value + runJobMs.value,
    giveUpMs: 2 * readMs.value + commitMs.value,
    atOnce: atOnceMax.waiting,
  },
  limits: DeploymentLimits.parse({}),
  runJobMs: runJobMs.value,
  savingMs: savingMs.value,
  standBackMs,
  instances: {
    max: threads.limits.instancesMax,
    streamsEach: threads.limits.concurrency * habits.instanceUtilisation.value,
  },
  parts: 1,
  limitsFactor: habits.limitsFactor.value,
};

/**
 * One part of a region: its room divided by `parts`, and the same part of the owners. If less than
 * a whole call or place would be left, there is one, over a longer window.
 */
export function partOf(day: DaySettings, parts: number): DaySettings {
  const { room, outbox } = day;
  const callsMax = Math.max(1, Math.round(room.callsMax / parts));
  return {
    ...day,
    room: {
      callsMax,
      windowMs: (room.windowMs * callsMax * parts) / room.callsMax,
      runningMax: Math.max(1, Math.round(room.runningMax / parts)),
    },
    outbox: {
      ...outbox,
      itemMs: outbox.itemMs * parts,
      giveUpMs: outbox.giveUpMs * parts,
      dueMax: Math.max(1, Math.round(outbox.dueMax / parts)),
    },
    parts,
  };
}
