/** The environment of requests that name none: made when first needed, once however many ask. */
import { EnvironmentCreate } from "../contract/environment.ts";
import { derivedId } from "../core/ids.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { requireAllEnvironments } from "../keys/environment-bounds.ts";
import { ensureSealingPair } from "../secrets/sealing-keys.ts";
import { create, patch, type Write } from "../store/documents.ts";
import { type Environment, environments } from "../store/environments.ts";
import { pendingKeyDestructions } from "../store/pending-key-destructions.ts";
import type { Found } from "../store/read-document.ts";
import type { Store } from "../store/store.ts";
import { newEnvironment } from "./new-environment.ts";

/** An environment, and what must be written for it to be the default one. */
export interface DefaultEnvironment {
  readonly environment: Environment;
  readonly writes: readonly Write[];
}

/** The environments that say they are the default: one, or none. */
export async function currentDefaults(
  store: Store,
  owner: Owner,
): Promise<readonly Found<typeof environments.schema>[]> {
  const where = [["isDefault", true]] as const;
  return await store.findRefs(environments.all(owner), { where, orderBy: [], limit: 10 });
}

export async function defaultEnvironment(
  deps: { readonly store: Store; readonly keyStore: Store },
  owner: Owner,
  now: number,
): Promise<DefaultEnvironment> {
  const [current] = await currentDefaults(deps.store, owner);
  if (current) return { environment: current.value, writes: [] };
  requireAllEnvironments(owner);
  // Every request that finds none derives the same id, so all but one collide, and read again.
  const id = derivedId("environment", owner.id, "default");
  const ref = environments.of(owner, id);
  const { value, version } = await deps.store.get(ref);
  if (value) {
    const environment = { ...value, isDefault: true, updatedAt: now };
    const fields = { isDefault: true, updatedAt: now };
    return { environment, writes: [patch(ref, fields, { version })] };
  }
  // The last one of that id is being deleted: its key pair must not become this one's.
  if ((await deps.store.get(pendingKeyDestructions.doc(id))).value) {
    throw new ApiError("UNAVAILABLE", { headers: { "retry-after": "2" } });
  }
  const pair = { purpose: "environment-secrets", id, createdAt: now } as const;
  const publicKey = await ensureSealingPair(deps.keyStore, owner, pair);
  const body = EnvironmentCreate.parse({
    name: "default",
    isDefault: true,
    computeProfile: "lite",
  });
  const environment = newEnvironment(body, { id, publicKey, now });
  return { environment, writes: [create(ref, environment)] };
}
