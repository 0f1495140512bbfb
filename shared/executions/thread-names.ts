import type { ThreadNames } from "../answers/thread-body.ts";
import type { Owner } from "../identity/owner.ts";
import { agents } from "../store/agents.ts";
import { environments } from "../store/environments.ts";
import { namesById } from "../store/names.ts";
import type { ReadStore } from "../store/store.ts";
import type { Thread } from "../store/threads.ts";

type Named = Pick<Thread, "environmentId" | "agentId">;

/** The current names of the environments and agents of threads, read in one call. */
export async function namesOfThreads(
  store: ReadStore,
  owner: Owner,
  threads: readonly Named[],
): Promise<(thread: Named) => ThreadNames> {
  const ids = {
    environment: [...new Set(threads.map(({ environmentId }) => environmentId))],
    agent: [...new Set(threads.flatMap(({ agentId }) => (agentId === null ? [] : [agentId])))],
  };
  const names = await namesById(store, [
    ...ids.environment.map((id) => environments.of(owner, id)),
    ...ids.agent.map((id) => agents.of(owner, id)),
  ]);
  return ({ environmentId, agentId }) => ({
    environmentName: names.get(environmentId) ?? null,
    agentName: agentId === null ? null : (names.get(agentId) ?? null),
  });
}
