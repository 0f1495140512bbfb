/**
 * Stores an object within its owner's quota. The object is counted before it is stored, and the
 * count is undone if it exceeds the quota, so concurrent uploads can't exceed it (TEN-2). A process
 * that dies in between leaves a count that is too high, never one that is too low.
 */

import { createHash } from "node:crypto";
import { deploymentLimits } from "../config.ts";
import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import type { ObjectKind } from "../core/retention/retention-table.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import { StorageRefusal } from "../google/bucket.ts";
import { putObject } from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import { create, patch, replace, type Snapshot } from "../store/documents.ts";
import type { Store } from "../store/store.ts";
import { condemnedId, condemnedObjects, storageUsageId, storageUsages } from "../store/usage.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import { nextSweepAt, scheduleSweepFrom } from "./schedule-sweep.ts";

export type CountingStore = Pick<Store, "commit" | "commitWithoutRetry" | "get">;

export interface StoringDeps {
  readonly store: CountingStore;
  /** Epoch milliseconds. */
  now(): number;
}

export type Quotas = DeploymentLimits["quotas"];

/** How objects are stored, and which quotas apply; tests pass their own. */
interface StoringOptions {
  readonly put: typeof putObject;
  readonly quotas: Quotas;
}

interface Amount {
  readonly bytes: number;
  readonly objects: number;
}

/** Between two tries, another process may create the document. */
export const attemptsMax = 5;
/** Deleting condemned objects takes seconds. */
const goingRetryAfterS = "5";
const reserveFactor = 1.1;

/**
 * Stores `bytes` under their own hash and returns it; storing them again changes nothing.
 * @throws {ApiError} `QUOTA_REACHED`, `UNAVAILABLE`.
 */
export async function storeObject(
  deps: StoringDeps,
  owner: Owner,
  object: { readonly kind: ObjectKind; readonly bytes: Buffer; readonly makesRoom?: boolean },
  options: StoringOptions = { put: putObject, quotas: deploymentLimits().quotas },
): Promise<string> {
  const { kind, bytes, makesRoom = false } = object;
  const size: Amount = { bytes: bytes.length, objects: 1 };
  const name = `${kind}/${createHash("sha256").update(bytes).digest("hex")}`;
  const { store } = deps;
  await add(store, owner, size);
  try {
    await prepare(deps, owner, {
      name,
      quotas: makesRoom ? withReserve(options.quotas) : options.quotas,
    });
  } catch (error) {
    await takeBack(store, owner, size);
    throw error;
  }
  try {
    const { sha256, isNew } = await options.put(owner, kind, bytes);
    if (!isNew) await takeBack(store, owner, size);
    return sha256;
  } catch (error) {
    // What failed otherwise may be stored all the same, so it counts until a sweep has looked.
    if (error instanceof StorageRefusal) await takeBack(store, owner, size);
    throw error;
  }
}

/**
 * Checks the quota and takes the object off the list of condemned ones. From then on nothing
 * deletes it before its reference is committed, so this must come before the check whether it
 * exists.
 */
async function prepare(
  { store, now }: StoringDeps,
  owner: Owner,
  { name, quotas }: { readonly name: string; readonly quotas: Quotas },
): Promise<void> {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    // Both reads are asked for in one turn, so they are one call.
    const [usage, condemned] = await allInOrder([
      store.get(storageUsages.of(owner, storageUsageId)),
      store.get(condemnedObjects.of(owner, condemnedId)),
    ]);
    requireWithinQuota(usage.value, quotas);
    await scheduleSweepFrom(store, owner, {
      usage: usage.value,
      sweepAt: nextSweepAt(now(), quotas.unreferencedMs),
    });
    if (await takeOffDeletionList(store, condemned, name)) return;
  }
  throw new ApiError("UNAVAILABLE", { headers: { "retry-after": goingRetryAfterS } });
}

/**
 * Takes the object off the list of those that will be deleted. False if that must be tried again,
 * because the list has changed meanwhile.
 */
async function takeOffDeletionList(
  store: CountingStore,
  { ref, value, version }: Snapshot<typeof condemnedObjects.schema>,
  name: string,
): Promise<boolean> {
  if (!value) return true;
  const isNamed = (entry: string) => entry.startsWith(`${name}#`);
  if (value.going.some(isNamed)) {
    throw new ApiError("UNAVAILABLE", { headers: { "retry-after": goingRetryAfterS } });
  }
  const waiting = value.waiting.filter((entry) => !isNamed(entry));
  if (waiting.length === value.waiting.length) return true;
  try {
    await withDeadline(store.commit([replace(ref, version, { ...value, waiting })]));
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return false;
  }
}

/**
 * A little more than the quota, so that a manifest with fewer files can still be stored, which is
 * the only way to free space.
 */
function withReserve(quotas: Quotas): Quotas {
  return {
    ...quotas,
    storedBytesMax: Math.ceil(quotas.storedBytesMax * reserveFactor),
    storedObjectsMax: Math.ceil(quotas.storedObjectsMax * reserveFactor),
  };
}

/** @throws {ApiError} `QUOTA_REACHED`. */
export function requireWithinQuota(
  usage: Amount | null,
  { storedBytesMax, storedObjectsMax }: Quotas,
): void {
  const requireAtMost = (unit: string, limit: number, used: number) => {
    if (used <= limit) return;
    const message = `An account stores at most ${limit} ${unit} of workspaces; deleted files free their space within a day.`;
    throw new ApiError("QUOTA_REACHED", { message, details: { of: `stored ${unit}`, limit } });
  };
  requireAtMost("bytes", storedBytesMax, usage?.bytes ?? 0);
  requireAtMost("objects", storedObjectsMax, usage?.objects ?? 0);
}

/**
 * Tries only once. A call that failed may have succeeded, and subtracting twice would make the
 * count too low. A count that is too high is safe.
 */
async function takeBack(store: CountingStore, owner: Owner, { bytes, objects }: Amount) {
  const increments = { bytes: 0 - bytes, objects: 0 - objects };
  const ref = storageUsages.of(owner, storageUsageId);
  await withDeadline(
    store.commitWithoutRetry([patch(ref, {}, { increments, mustExist: true })]),
  ).catch(() => undefined);
}

async function add(store: CountingStore, owner: Owner, amount: Amount): Promise<void> {
  const ref = storageUsages.of(owner, storageUsageId);
  const increments = { ...amount };
  for (let attempt = 1; ; attempt += 1) {
    const creates = attempt % 2 === 0;
    const write = creates
      ? create(ref, { v: 1, kind: "storage", ownerId: owner.id, sweepAt: null, ...amount })
      : patch(ref, {}, { increments, mustExist: true });
    try {
      await withDeadline(store.commit([write]));
      return;
    } catch (error) {
      if (!isConflict(error) || attempt >= attemptsMax) throw error;
    }
  }
}
