/** Finds the environments that are in use, by their executions. */
import type { Owner } from "../identity/owner.ts";
import { executions } from "../store/executions.ts";
import type { ReadStore } from "../store/store.ts";

/** No owner has more unfinished executions. */
const executionsMax = 1_000;
const InEnvironment = executions.schema.pick({ environmentId: true });

/**
 * The environments with a queued or running execution: all of them, or `environmentId` if it is.
 */
export async function busyEnvironments(
  store: ReadStore,
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
