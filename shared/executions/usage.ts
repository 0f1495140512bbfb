/** What executions tell of the environments and agents that they run with. */
import type { Owner } from "../auth/owner.ts";
import { executions } from "../store/executions.ts";
import type { Store } from "../store/store.ts";

/** An owner can't have more going. */
const executionsMax = 1_000;
const InEnvironment = executions.schema.pick({ environmentId: true });
const Begun = executions.schema.pick({ createdAt: true });

/** The environments in which an execution runs or is about to: of all, or of the one named. */
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

/** When the newest execution with that agent began; null if there is none that the caller sees. */
export async function lastRunOf(
  store: Store,
  owner: Owner,
  agentId: string,
): Promise<number | null> {
  const [newest] = await store.findParts(executions.all(owner), Begun, {
    where: [["agentId", agentId]],
    orderBy: [["createdAt", "desc"]],
    limit: 1,
  });
  return newest?.createdAt ?? null;
}
