/** When a detector speaks. A deployment overrides single numbers in its limits file. */
import * as z from "zod";

const count = (usual: number) => z.int().min(1).max(1_000_000_000).default(usual);
const microusd = (usual: number) => z.int().min(1).max(1_000_000_000_000).default(usual);
const bytes = (usual: number) =>
  z
    .int()
    .min(1)
    .max(2 ** 50)
    .default(usual);

/**
 * Each detector has two levels: an anomaly, which the owner may want to hear of, and an incident,
 * which an operator must look at. Counts are per hour, amounts per UTC day.
 */
export const IncidentThresholds = z.object({
  /** Refused uses of one key. */
  refusals: z.object({ anomaly: count(10), incident: count(1_000) }).prefault({}),
  /** New networks of one key. */
  networks: z.object({ anomaly: count(1), incident: count(3) }).prefault({}),
  /** A day's spending above so many times the mean of the active days of the week before. */
  spending: z
    .object({
      anomalyFactor: count(3),
      incidentFactor: count(10),
      /** A day below this isn't unusual, whatever the days before were. */
      leastMicrousd: microusd(5_000_000),
      /** A day of an account that hasn't spent before is unusual above this. */
      firstMicrousd: microusd(100_000_000),
    })
    .prefault({}),
  /** Executions that ended at a wall of the sandbox. */
  denials: z.object({ anomaly: count(5), incident: count(20) }).prefault({}),
  /** Secrets that were found in the output of executions and replaced. */
  redactions: z.object({ anomaly: count(5), incident: count(100) }).prefault({}),
  /** Bytes downloaded, as far as rows say: those are written at quarters of the quota. */
  downloads: z.object({ anomaly: bytes(5 * 2 ** 30), incident: bytes(20 * 2 ** 30) }).prefault({}),
});
export type IncidentThresholds = z.infer<typeof IncidentThresholds>;
