/** Finds where a stream begins. Its resume point must be a stored event, so none is skipped. */
import type { Owner } from "../identity/owner.ts";
import { type Execution, executions, hasEnded } from "../store/executions.ts";
import { type FoundDocument, requireFound } from "../store/read-document.ts";
import type { ReadStore } from "../store/store.ts";
import { endEvents } from "./event-bodies.ts";
import { lastStoredSequence } from "./event-log.ts";
import { markFound } from "./mark-reader.ts";
import { type ResumePoint, refusedPoint } from "./resume-point.ts";
import type { SweepDeps } from "./sweep.ts";

export interface StreamStart {
  readonly execution: Execution;
  /** The last event of this execution that the reader has; null for none. */
  readonly afterNumber: number | null;
  /** The last execution that the stream includes; `execution`'s own id if it is the only one. */
  readonly newestId: string;
}

/** One execution from its first event, without later ones. */
export function fromItsStart(execution: Execution): StreamStart {
  return { execution, afterNumber: null, newestId: execution.id };
}

/** A stream's beginning as it was read, before the execution is marked as being read. */
export interface FoundStart extends Omit<StreamStart, "execution"> {
  readonly found: FoundDocument<typeof executions.schema>;
}

/** Marks the execution as being read, or ends it if it is overdue. */
export async function startReading(deps: SweepDeps, start: FoundStart): Promise<StreamStart> {
  const { found, ...rest } = start;
  return { ...rest, execution: await markFound(deps, found) };
}

/**
 * The start of a stream that resumes after `point` in `executionId`.
 * @throws {ApiError} `VALIDATION_FAILED` if that execution isn't one of the thread's, or has no
 * such event.
 */
export async function findResumed(
  store: ReadStore,
  owner: Owner,
  context: {
    readonly point: ResumePoint;
    readonly executionId: string;
    readonly threadId: string;
    readonly newestId: string;
  },
): Promise<FoundStart> {
  const { point, executionId, threadId, newestId } = context;
  const found = await store.get(executions.of(owner, executionId));
  if (found.value?.threadId !== threadId) {
    throw refusedPoint(point.field, "names no execution of this thread");
  }
  await requireEvent(store, owner, { execution: found.value, point });
  return { found: requireFound(found), afterNumber: point.number, newestId };
}

/** @throws {ApiError} `VALIDATION_FAILED` if the execution has no event with that number. */
export async function requireEvent(
  store: ReadStore,
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
