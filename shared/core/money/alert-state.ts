/** The alert state that an account stores; `budget-alerts.ts` decides on it. */
import * as z from "zod";

const amount = z.int().min(0);
export const AlertPercents = z.array(z.int().min(1).max(100)).max(10);

/** An alert that a percentage of something was spent; it is raised once. */
export const Alert = z.object({
  of: z.enum(["balance", "day", "month"]),
  percent: z.int(),
  /** The day, the month, or the time of the last credit to the balance. */
  period: z.string(),
  limitMicrousd: amount,
  spentMicrousd: amount,
  at: z.int(),
});
export type Alert = z.infer<typeof Alert>;

export const Alerts = z.object({
  percents: AlertPercents.default([50, 80, 100]),
  /** The balance after the last credit, and when that credit was made. */
  creditedMicrousd: amount.default(0),
  creditedAt: z.int().default(0),
  /** The alerts of the current periods, and the last few before. */
  raised: z.array(Alert).default([]),
});
export type Alerts = z.infer<typeof Alerts>;
