/** Reads what a containment is about. */

import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import { wholeOwner } from "../owners/suspend-owner.ts";
import { apiKeys } from "../store/api-keys.ts";
import type { Containment } from "../store/containments.ts";
import { environments } from "../store/environments.ts";
import type { ReadStore } from "../store/store.ts";
import type { ContainmentTarget } from "./contain.ts";
import { keyWithLineage } from "./key-lineage.ts";

type Named =
  | { readonly target: "key"; readonly keyId: string }
  | { readonly target: "owner"; readonly userId: string }
  | { readonly target: "environment"; readonly userId: string; readonly environmentId: string };

/** @throws {ApiError} `NOT_FOUND` */
export async function readTarget(store: ReadStore, named: Named): Promise<ContainmentTarget> {
  if (named.target === "key") {
    const where = [["id", named.keyId]] as const;
    const [key] = await store.findAll(apiKeys.all(), { where, orderBy: [], limit: 1 });
    if (!key) throw new ApiError("NOT_FOUND");
    const [whole, lineage] = await allInOrder([
      wholeOwner(store, key.value.ownerId),
      keyWithLineage(store, key),
    ]);
    return { target: "key", keyId: named.keyId, whole, ...lineage };
  }
  const whole = await wholeOwner(store, named.userId);
  if (named.target === "owner") return { target: "owner", whole };
  const { environmentId } = named;
  await store.require(environments.of(whole.owner, environmentId));
  return { target: "environment", whole, environmentId };
}

/** Like `readTarget`, for a containment that there is; null for one of all owners. */
export async function readContained(
  store: ReadStore,
  { target, ownerId, subject }: Containment,
): Promise<ContainmentTarget | null> {
  if (target === "all" || ownerId === null) return null;
  if (target === "key") return await readTarget(store, { target, keyId: subject ?? "" });
  const whole = await wholeOwner(store, ownerId);
  // The environment may have been deleted meanwhile.
  return target === "owner" ? { target, whole } : { target, whole, environmentId: subject ?? "" };
}
