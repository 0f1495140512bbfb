/** How a stream begins. The resume point is checked against stored events, so none is skipped. */
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { type Execution, hasEnded } from "../store/executions.ts";
import { lastStoredSequence } from "./event-log.ts";
import { markReader } from "./mark-reader.ts";
import { type ResumePoint, refusedPoint } from "./resume-point.ts";
import { endEvents } from "./stream-events.ts";
import type { SweepDeps } from "./sweep.ts";

export interface StreamStart {
  readonly execution: Execution;
  /** The last event of this execution that the reader has; null for none. */
  readonly afterNumber: number | null;
  /** The newest of the thread's later executions to follow; the execution's own id if none are. */
  readonly newestId: string;
}

/** One execution from its first event, without later ones. */
export function fromItsStart(execution: Execution): StreamStart {
  return { execution, afterNumber: null, newestId: execution.id };
}

/**
 * The start of a stream that resumes after `point` in `executionId`.
 * @throws {ApiError} `VALIDATION_FAILED` if that execution isn't one of the thread's, or has no
 * such event.
 */
export async function resumedStart(
  deps: SweepDeps,
  owner: Owner,
  context: {
    readonly point: ResumePoint;
    readonly executionId: string;
    readonly threadId: string;
    readonly newestId: string;
  },
): Promise<StreamStart> {
  const { point, executionId, threadId, newestId } = context;
  const execution = await markReader(deps, owner, executionId).catch(noneIfMissing);
  if (execution?.threadId !== threadId) {
    throw refusedPoint(point.field, "names no execution of this thread");
  }
  await requireEvent(deps, owner, { execution, point });
  return { execution, afterNumber: point.number, newestId };
}

/** @throws {ApiError} `VALIDATION_FAILED` if the execution has no event with that number. */
export async function requireEvent(
  { store }: SweepDeps,
  owner: Owner,
  { execution, point }: { readonly execution: Execution; readonly point: ResumePoint },
): Promise<void> {
  if (point.number === 0) return;
  const last = hasEnded(execution)
    ? (endEvents(execution).at(-1)?.[0] ?? 0)
    : await lastStoredSequence(store, owner, execution.id);
  if (point.number <= last) return;
  throw refusedPoint(point.field, "names an event that the execution hasn't had");
}

function noneIfMissing(error: unknown): null {
  if (error instanceof ApiError && error.code === "NOT_FOUND") return null;
  throw error;
}
