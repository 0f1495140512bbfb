/**
 * How fast an account spends: the mean of its whole UTC days, newer days weighing more. Exponential
 * smoothing (NIST/SEMATECH e-Handbook of Statistical Methods, 6.4.3.1) with weights normalised to
 * one, so that a young account's few days aren't pulled towards zero.
 */
import * as z from "zod";

/** A day weighs half as much as the day a week later, so weekdays and weekends both count. */
const halfLifeDays = 7;
const kept = 0.5 ** (1 / halfLifeDays);
/** With fewer days there is no forecast. */
const daysMin = 3;
/** A date further ahead than this isn't useful. */
const daysAheadMax = 3_650;
const dayMs = 86_400_000;

export const Pace = z.object({
  /** The number of whole days so far. */
  days: z.int().min(0).default(0),
  microusdPerDay: z.int().min(0).default(0),
});
export type Pace = z.infer<typeof Pace>;

/** The day that ended and the current day, as `2026-11-23`. Days between them cost nothing. */
export interface DayTurn {
  readonly ended: string;
  readonly begun: string;
  readonly spentMicrousd: number;
}

/** Adds the day that ended and the idle days after it; adds nothing if a clock ran backwards. */
export function paceAfter(pace: Pace, turn: DayTurn): Pace {
  const turned = Math.round((Date.parse(turn.begun) - Date.parse(turn.ended)) / dayMs);
  if (turned < 1) return pace;
  const { spentMicrousd } = turn;
  const weighed = pace.microusdPerDay * kept * weightOf(pace.days) + spentMicrousd;
  const days = pace.days + turned;
  const microusdPerDay = Math.round((weighed * kept ** (turned - 1)) / weightOf(days));
  return { days, microusdPerDay };
}

/** The sum of the weights of `days` days; the last one weighs 1. */
function weightOf(days: number): number {
  return (1 - kept ** days) / (1 - kept);
}

export interface Forecast {
  readonly microusdPerDay: number;
  readonly days: number;
  /** Null if nothing is being spent, or if it lasts more than ten years. */
  readonly runsOutAt: number | null;
}

/** When `availableMicrousd` will be spent at this pace; null if the history is too short. */
export function forecast(pace: Pace, availableMicrousd: number, now: number): Forecast | null {
  const { days, microusdPerDay } = pace;
  if (days < daysMin) return null;
  if (availableMicrousd <= 0) return { days, microusdPerDay, runsOutAt: now };
  const daysLeft = availableMicrousd / microusdPerDay;
  const runsOutAt = daysLeft <= daysAheadMax ? Math.round(now + daysLeft * dayMs) : null;
  return { days, microusdPerDay, runsOutAt };
}
