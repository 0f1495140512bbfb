/** Finds the environments in which an execution is queued or running. */
import { allInOrder } from "../errors/all-in-order.ts";
import type { Owner } from "../identity/owner.ts";
import { executions } from "../store/executions.ts";
import type { ReadStore } from "../store/store.ts";

/** More than an owner can have unfinished. */
const executionsMax = 1_000;
const InEnvironment = executions.schema.pick({ environmentId: true });

/**
 * The ids of environments with a queued or running execution. If `environmentId` is given, only
 * this environment is examined.
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
  return new Set((await allInOrder(found)).flat().map((execution) => execution.environmentId));
}
