import { randomBytes } from "node:crypto";
import { nanoid } from "nanoid";
import { idOf } from "../core/ids.ts";
import { firestore } from "../google/firestore.ts";
import { CommitCoordinator } from "../store/commit-coordinator.ts";
import { Store } from "../store/store.ts";
import type { Deps } from "./route.ts";

/** A function's access to time, randomness and databases. It loads the databases' client. */
export function realDeps(): Deps {
  const store = new Store(firestore());
  return {
    store,
    keyStore: new Store(firestore("keys")),
    commits: new CommitCoordinator(store, { random: Math.random }),
    now: Date.now,
    random: randomBytes,
    newId: (kind) => idOf(kind, nanoid()),
  };
}
