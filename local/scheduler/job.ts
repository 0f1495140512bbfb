/** What a job is, and when it is due. */
import { Cron } from "croner";
import * as z from "zod";

const methods = ["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] as const;

export const Retry = z.object({
  /** Attempts after the first. */
  retriesMax: z.int().min(0).max(5),
  /** Time since the first attempt; 0 means that only `retriesMax` applies. */
  durationMsMax: z.number().min(0),
  backoffMsMin: z.number().min(0),
  backoffMsMax: z.number().min(0),
  doublingsMax: z.int().min(0).max(16),
});
export type Retry = z.infer<typeof Retry>;

/** Cloud Scheduler's own defaults. */
export const retryDefault: Retry = {
  retriesMax: 0,
  durationMsMax: 0,
  backoffMsMin: 5_000,
  backoffMsMax: 3_600_000,
  doublingsMax: 5,
};
export const attemptDeadlineMsDefault = 180_000;

export const Target = z.object({
  uri: z.string(),
  method: z.enum(methods),
  headers: z.record(z.string(), z.string()),
  bodyBase64: z.string(),
  oidc: z.object({ email: z.string(), audience: z.string() }).nullable(),
});
export type Target = z.infer<typeof Target>;

export const JobDefinition = z.object({
  /** `projects/P/locations/L/jobs/J` */
  name: z.string(),
  description: z.string(),
  /** Five cron fields in UTC or, for the local cloud's own jobs, an interval. */
  schedule: z.union([z.object({ cron: z.string() }), z.object({ everyMs: z.int().min(10) })]),
  target: Target,
  retry: Retry,
  attemptDeadlineMs: z.number().min(1).max(1_800_000),
  paused: z.boolean(),
});
export type JobDefinition = z.infer<typeof JobDefinition>;

/** True for five fields that match some future time. */
export function isCron(cron: string): boolean {
  if (cron.trim().split(/\s+/).length !== 5) return false;
  try {
    return new Cron(cron, { timezone: "UTC", paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

/** When a job is next due after `afterMs`, in milliseconds since 1970. */
export function nextDueMs(schedule: JobDefinition["schedule"], afterMs: number): number {
  if ("everyMs" in schedule) return afterMs + schedule.everyMs;
  const next = new Cron(schedule.cron, { timezone: "UTC", paused: true }).nextRun(
    new Date(afterMs),
  );
  return next === null ? Number.POSITIVE_INFINITY : next.getTime();
}

/** How long to wait before retry `retry` (from 1): doubled a few times, then growing linearly. */
export function backoffMs(policy: Retry, retry: number): number {
  const doublings = Math.min(retry - 1, policy.doublingsMax);
  const doubled = policy.backoffMsMin * 2 ** doublings;
  const evenly = doubled * (retry - doublings);
  return Math.min(evenly, policy.backoffMsMax);
}
