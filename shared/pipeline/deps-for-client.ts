import type { Deps } from "./route.ts";

/**
 * The dependencies of one request: its reads that wait for a turn give up once its client is gone.
 * The databases are getters, because a function without one may not touch them.
 */
export function depsForClient(deps: Deps, clientSignal: AbortSignal): Deps {
  return {
    get store() {
      return deps.store.forClient(clientSignal);
    },
    get keyStore() {
      return deps.keyStore;
    },
    get commits() {
      return deps.commits;
    },
    now: deps.now,
    random: deps.random,
    newId: deps.newId,
  };
}
