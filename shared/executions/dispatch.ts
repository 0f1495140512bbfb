import { cancelJob, isOverQuota, type StartedJob, startJob } from "../google/jobs.ts";
import type { Owner } from "../identity/owner.ts";
import { patch, type Version } from "../store/documents.ts";
import { type Execution, executions } from "../store/executions.ts";
import type { Store } from "../store/store.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import { overheadMs } from "./timing.ts";

export interface Queued {
  readonly execution: Execution;
  /** The execution's version after its commit; null if the commit's answer was lost. */
  readonly version: Version | null;
  readonly ticket: string;
  readonly now: () => number;
}

/** How often another write may come between our read and our commit before we give up. */
const attemptsMax = 5;

/**
 * Starts the runner of a queued execution and records the job's name. If the process dies in
 * between, the execution stays `queued`, and a sweep tries again with a new attempt and a new
 * ticket, which makes the old ticket worthless.
 * @returns `full` if the platform has no room. Then nothing was started, and a sweep tries again.
 * @throws If it is unknown whether a runner was started.
 */
export async function dispatch(
  store: Store,
  owner: Owner,
  queued: Queued,
): Promise<"dispatched" | "full"> {
  const { execution, ticket } = queued;
  const { profile, network, limits } = execution;
  const timeoutMs = limits.wallClockMs + overheadMs;
  const start = { profile, network: network.job, executionId: execution.id, ticket, timeoutMs };
  let job: StartedJob;
  try {
    job = await startJob(start);
  } catch (cause) {
    if (!isOverQuota(cause)) throw cause;
    await deferDispatch(store, owner, queued);
    return "full";
  }
  const { name: jobExecution, image } = job;
  const fields = { jobExecution, image, dispatchedAt: queued.now(), waitingSince: null };
  const outcome = await recordDispatch(store, owner, queued, fields);
  // The execution was cancelled, or moved to a newer attempt, while its runner started.
  if (outcome === "unwanted") await cancelJob(jobExecution);
  return "dispatched";
}

/** Leaves an execution to the next sweep, because the platform has no room for its runner. */
export async function deferDispatch(store: Store, owner: Owner, queued: Queued): Promise<void> {
  const { execution, now } = queued;
  const waitingSince = execution.waitingSince ?? now();
  await recordDispatch(store, owner, queued, { waitingSince, sweepAt: now() });
}

/** Records the outcome of this attempt, unless the execution is at another attempt by now. */
async function recordDispatch(
  store: Store,
  owner: Owner,
  { execution, version: committed }: Queued,
  fields: Partial<Execution>,
): Promise<"recorded" | "unwanted"> {
  const ref = executions.of(owner, execution.id);
  let version = committed;
  let wanted = true;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    if (version) {
      try {
        await withDeadline(store.commit([patch(ref, fields, { version })]));
        return wanted ? "recorded" : "unwanted";
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
    const current = await store.require(ref);
    // The ticket identifies this dispatch: an attempt that waits for room has one for each try.
    const { endedAt, ticketSha256, cancelRequestedAt } = current.value;
    if (endedAt !== null || ticketSha256 !== execution.ticketSha256) return "unwanted";
    wanted = cancelRequestedAt === null;
    version = current.version;
  }
  // The job's name only makes cancellation faster; the execution works without it.
  return "recorded";
}
