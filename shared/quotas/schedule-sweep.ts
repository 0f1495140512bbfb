/** Schedules the search for an owner's unreferenced objects, hours after one may have appeared. */
import { deploymentLimits } from "../config.ts";
import type { Owner } from "../identity/owner.ts";
import { patch } from "../store/documents.ts";
import type { Store } from "../store/store.ts";
import { type StorageUsage, storageUsageId, storageUsages } from "../store/usage.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";

export function nextSweepAt(
  now: number,
  unreferencedMs = deploymentLimits().quotas.unreferencedMs,
): number {
  return now + unreferencedMs;
}

/**
 * Schedules a sweep unless one is scheduled, judging by a usage that was read earlier. A sweep that
 * is due isn't postponed, however often this is called.
 */
export async function scheduleSweepFrom(
  store: Pick<Store, "commit">,
  owner: Owner,
  { usage, sweepAt }: { readonly usage: StorageUsage | null; readonly sweepAt: number },
): Promise<void> {
  // An owner that never stored anything, or whose sweep is scheduled.
  if (!usage || usage.sweepAt !== null) return;
  const ref = storageUsages.of(owner, storageUsageId);
  try {
    await withDeadline(store.commit([patch(ref, { sweepAt }, { mustExist: true })]));
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** Called when objects become unreferenced although nothing was stored. */
export async function scheduleSweep(
  { store, now }: { readonly store: Store; now(): number },
  owner: Owner,
): Promise<void> {
  const { value: usage } = await store.get(storageUsages.of(owner, storageUsageId));
  await scheduleSweepFrom(store, owner, { usage, sweepAt: nextSweepAt(now()) });
}
