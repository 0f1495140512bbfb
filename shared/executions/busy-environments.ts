/** Which environments are in use, decided from their executions. */
import type { Owner } from "../identity/owner.ts";
import { executions } from "../store/executions.ts";
import type { Store } from "../store/store.ts";

/** An owner can't have more unfinished executions. */
const executionsMax = 1_000;
const InEnvironment = executions.schema.pick({ environmentId: true });

/**
 * The environments where an execution is queued or running: among all of them, or the given one.
 */
export async function busyEnvironments(
  store: Store,
  owner: Owner,
  environmentId?: string,
): Promise<ReadonlySet<string>> {
  const here = environmentId === undefined ? [] : [["environmentId", environmentId] as const];
  const found = (["queued", "running"] as const).map((status) =>
    store.findParts(executions.all(owner), InEnvironment, {
      where: [["status", status], ...here],
      orderBy: [],
      limit: environmentId === undefined ? executionsMax : 1,
    }),
  );
  return new Set((await Promise.all(found)).flat().map((execution) => execution.environmentId));
}
