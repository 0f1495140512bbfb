import type { ExecutionStates } from "../answers/schedule-body.ts";
import type { Owner } from "../identity/owner.ts";
import { Execution, executions } from "../store/executions.ts";
import type { ReadStore } from "../store/store.ts";

const State = Execution.pick({ id: true, status: true });

/** The states of executions, read in one call; those that were deleted are missing. */
export async function executionStates(
  store: ReadStore,
  owner: Owner,
  ids: readonly string[],
): Promise<ExecutionStates> {
  const asked = [...new Set(ids)];
  if (asked.length === 0) return new Map();
  const found = await store.getParts(
    State,
    asked.map((id) => executions.of(owner, id)),
  );
  return new Map(found.flatMap((one) => (one ? [[one.id, one.status] as const] : [])));
}
