import type { Owner } from "../auth/owner.ts";
import { startJob } from "../google/jobs.ts";
import { patch } from "../store/documents.ts";
import { type Execution, executions } from "../store/executions.ts";
import type { Store } from "../store/store.ts";
import { overheadMs } from "./timing.ts";

/**
 * Starts the runner of a queued execution and notes the job's name. If this dies between the two,
 * or the platform refuses, the execution stays `queued`, which is the outbox: a sweep tries again
 * with a new attempt and a new ticket, and the old one's ticket is worth nothing.
 */
export async function dispatch(
  store: Store,
  owner: Owner,
  queued: { readonly execution: Execution; readonly ticket: string; readonly now: () => number },
): Promise<void> {
  const { execution, ticket } = queued;
  const { id, profile, network, limits } = execution;
  const timeoutMs = limits.wallClockMs + overheadMs;
  const start = { profile, network: network.job, executionId: id, ticket, timeoutMs };
  const jobExecution = await startJob(start);
  const fields = { jobExecution, dispatchedAt: queued.now() };
  await store.commit([patch(executions.of(owner, id), fields)]);
}
