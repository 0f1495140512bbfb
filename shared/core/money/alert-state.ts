/** What an account keeps of its alerts; `budget-alerts.ts` notices them. */
import * as z from "zod";

const amount = z.int().min(0);
export const AlertPercents = z.array(z.int().min(1).max(100)).max(10);

/** That so many percent of something were spent, said once. */
export const Alert = z.object({
  of: z.enum(["balance", "day", "month"]),
  percent: z.int(),
  /** The day, the month, or when the balance was last credited. */
  period: z.string(),
  limitMicrousd: amount,
  spentMicrousd: amount,
  at: z.int(),
});
export type Alert = z.infer<typeof Alert>;

export const Alerts = z.object({
  percents: AlertPercents.default([50, 80, 100]),
  /** The balance after the last credit, and when that was. */
  creditedMicrousd: amount.default(0),
  creditedAt: z.int().default(0),
  /** Those of the current periods, and the last few before. */
  raised: z.array(Alert).default([]),
});
export type Alerts = z.infer<typeof Alerts>;
