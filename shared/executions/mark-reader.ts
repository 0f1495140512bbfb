import type { Owner } from "../identity/owner.ts";
import { patch } from "../store/documents.ts";
import { type Execution, executions, hasEnded } from "../store/executions.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { isConflict } from "../store/with-deadline.ts";
import { endOverdue, isOverdue, type SweepDeps } from "./sweep.ts";
import { readerMs, readerRenewMs } from "./timing.ts";

/** Reads an execution and marks it as being read. @throws {ApiError} `NOT_FOUND`. */
export async function markReader(deps: SweepDeps, owner: Owner, id: string): Promise<Execution> {
  return await markFound(deps, await deps.store.require(executions.of(owner, id)));
}

/**
 * Prepares an execution for a client that is going to read its events. If it is overdue, it is
 * ended. Otherwise it is marked as being read, so that its runner sends events more often. The mark
 * is renewed once a minute, however many readers there are.
 */
export async function markFound(
  deps: SweepDeps,
  found: FoundDocument<typeof executions.schema>,
): Promise<Execution> {
  const { ref, value, version } = found;
  const now = deps.now();
  if (isOverdue(value, now)) {
    await endOverdue(deps, found);
    return (await deps.store.require(ref)).value;
  }
  if (hasEnded(value) || value.readerUntil - now > readerRenewMs) return value;
  try {
    await deps.store.commit([patch(ref, { readerUntil: now + readerMs }, { version })]);
  } catch (error) {
    // Another reader was faster, or the execution changed; the next check tries again.
    if (!isConflict(error)) throw error;
  }
  return value;
}
