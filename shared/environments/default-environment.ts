/** The default environment of requests that name none. It is made on first use, and only once. */
import { EnvironmentCreate } from "../contract/environment.ts";
import { derivedId } from "../core/ids.ts";
import type { Owner } from "../identity/owner.ts";
import { requireAllEnvironments } from "../keys/environment-bounds.ts";
import { ensureSealingPair } from "../secrets/sealing-keys.ts";
import { create, patch, replace, type Snapshot, type Write } from "../store/documents.ts";
import {
  defaultNameId,
  defaultNames,
  type Environment,
  environments,
} from "../store/environments.ts";
import type { Found } from "../store/read-document.ts";
import type { ReadStore, Store } from "../store/store.ts";
import { newEnvironment } from "./new-environment.ts";

interface Ids {
  next(kind: "environment"): string;
}

/** An environment, and what must be written for it to be the default one. */
export interface DefaultEnvironment {
  readonly environment: Environment;
  readonly writes: readonly Write[];
}

/** What says which environment the default one is; a new one is named there. */
interface MissingDefault {
  readonly missing: Snapshot<typeof defaultNames.schema>;
}

/** The environments that are marked as the default: one or none. */
export async function currentDefaults(
  store: ReadStore,
  owner: Owner,
): Promise<readonly Found<typeof environments.schema>[]> {
  const where = [["isDefault", true]] as const;
  return await store.findRefs(environments.all(owner), { where, orderBy: [], limit: 10 });
}

/** The default environment, or that it has to be made. */
export async function findDefault(
  store: ReadStore,
  owner: Owner,
  now: number,
): Promise<DefaultEnvironment | MissingDefault> {
  const [current] = await currentDefaults(store, owner);
  if (current) return { environment: current.value, writes: [] };
  requireAllEnvironments(owner);
  const { named, latest } = await latestDefault(store, owner);
  if (!latest.value) return { missing: named };
  const environment = { ...latest.value, isDefault: true, updatedAt: now };
  const fields = { isDefault: true, updatedAt: now };
  return { environment, writes: [patch(latest.ref, fields, { version: latest.version })] };
}

/**
 * Makes the key pair of a default environment that is missing, so that it can be written.
 * @param made what a new one gets. Its id is never used again, since keys, executions and orders of
 *   destruction go on naming an environment that was deleted.
 */
export async function ensureDefault(
  keys: Store,
  owner: Owner,
  made: {
    readonly found: DefaultEnvironment | MissingDefault;
    readonly ids: Ids;
    readonly now: number;
  },
): Promise<DefaultEnvironment> {
  const { found, now } = made;
  if (!("missing" in found)) return found;
  const named = found.missing;
  const id = made.ids.next("environment");
  const pair = { purpose: "environment-secrets", id, createdAt: now } as const;
  const publicKey = await ensureSealingPair(keys, owner, pair);
  const body = EnvironmentCreate.parse({
    name: "default",
    isDefault: true,
    computeProfile: "lite",
  });
  const environment = newEnvironment(body, { id, publicKey, now });
  // Several may find none: one of them names its own, the others fail and read again.
  const name = { v: 1 as const, environmentId: id };
  const naming = named.version ? replace(named.ref, named.version, name) : create(named.ref, name);
  return { environment, writes: [create(environments.of(owner, id), environment), naming] };
}

/** The one that was made last, if it is still there. */
async function latestDefault(store: ReadStore, owner: Owner) {
  // Earlier releases named none: theirs had this id, under which none is made any more.
  const early = environments.of(owner, derivedId("environment", owner.id, "default"));
  const [named, earlier] = await store.getAll(defaultNames.of(owner, defaultNameId), early);
  if (!named.value) return { named, latest: earlier };
  return { named, latest: await store.get(environments.of(owner, named.value.environmentId)) };
}
