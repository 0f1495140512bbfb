/** When an owner's unreferenced objects are looked for: some hours after something became one. */
import { deploymentLimits } from "../config.ts";
import type { Owner } from "../identity/owner.ts";
import { patch } from "../store/documents.ts";
import type { Store } from "../store/store.ts";
import { type StorageUsage, storageUsageId, storageUsages } from "../store/usage.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";

export function nextSweepAt(now: number): number {
  return now + deploymentLimits().quotas.unreferencedMs;
}

/** Of a usage as it was read: what is due already isn't put off, however often this is asked. */
export async function ensureSweep(
  store: Pick<Store, "commit">,
  owner: Owner,
  { usage, sweepAt }: { readonly usage: StorageUsage | null; readonly sweepAt: number },
): Promise<void> {
  // An owner that has never stored anything, or one whose sweep is to come.
  if (!usage || usage.sweepAt !== null) return;
  const ref = storageUsages.of(owner, storageUsageId);
  try {
    await withDeadline(store.commit([patch(ref, { sweepAt }, { mustExist: true })]));
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** For what became unreferenced without anything being stored. */
export async function requestSweep(
  { store, now }: { readonly store: Store; now(): number },
  owner: Owner,
): Promise<void> {
  const { value: usage } = await store.get(storageUsages.of(owner, storageUsageId));
  await ensureSweep(store, owner, { usage, sweepAt: nextSweepAt(now()) });
}
