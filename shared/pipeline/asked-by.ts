import type { Deps } from "./route.ts";

/**
 * The same for one request: what it waits for in line leaves the line once its client is gone. A
 * function may have no database, so that none is asked for here.
 */
export function askedBy(deps: Deps, client: AbortSignal): Deps {
  return {
    get store() {
      return deps.store.askedBy(client);
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
