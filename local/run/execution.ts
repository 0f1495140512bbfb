import * as z from "zod";

/** A job as this server stores it: one container, one task, no retries. */
export const JobDefinition = z.object({
  /** Last part of its resource name. */
  id: z.string().regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/),
  /** Stored and shown, but never pulled: the command runs on this machine's own files. */
  image: z.string(),
  command: z.array(z.string()).min(1),
  args: z.array(z.string()).max(1_000),
  environment: z.record(z.string(), z.string()),
  cpuMillis: z.int().min(1),
  memoryBytes: z.int().min(1),
  timeoutMs: z.int().min(1_000),
  serviceAccount: z.string(),
});
export type JobDefinition = z.infer<typeof JobDefinition>;

export const JobExecution = z.object({
  name: z.string(),
  uid: z.string(),
  /** Orders executions, including those created in the same millisecond. */
  sequence: z.int().min(1),
  /** The job after applying this execution's overrides. */
  template: JobDefinition,
  createdAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  updatedAtMs: z.number(),
  completedAtMs: z.number().nullable(),
  state: z.enum(["pending", "running", "cancelling", "succeeded", "failed", "cancelled"]),
  /** The end of the task's only attempt; null before it. */
  end: z.object({ exitCode: z.int(), termSignal: z.int(), message: z.string() }).nullable(),
});
export type JobExecution = z.infer<typeof JobExecution>;
export type ExecutionEnd = NonNullable<JobExecution["end"]>;

export function isCompleted(execution: JobExecution): boolean {
  return execution.completedAtMs !== null;
}

export function started(execution: JobExecution, nowMs: number): JobExecution {
  if (execution.state !== "pending") return execution;
  return { ...execution, state: "running", startedAtMs: nowMs, updatedAtMs: nowMs };
}

export function cancelling(execution: JobExecution, nowMs: number): JobExecution {
  if (isCompleted(execution)) return execution;
  return { ...execution, state: "cancelling", updatedAtMs: nowMs };
}

/** An execution that was being cancelled counts as cancelled, however its container ended. */
export function completed(execution: JobExecution, end: ExecutionEnd, nowMs: number): JobExecution {
  const succeeded = end.exitCode === 0 && end.termSignal === 0;
  const outcome = succeeded ? "succeeded" : "failed";
  const state = execution.state === "cancelling" ? "cancelled" : outcome;
  return { ...execution, state, end, completedAtMs: nowMs, updatedAtMs: nowMs };
}

/** The job's full name. */
export function jobNameOf(execution: JobExecution): string {
  return execution.name.slice(0, execution.name.indexOf("/executions/"));
}
