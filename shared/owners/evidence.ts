import { unchanged, type Write } from "../store/documents.ts";
import { everybody, evidenceFreezes } from "../store/evidence-freezes.ts";
import type { ReadStore } from "../store/store.ts";

/**
 * Whether an incident needs the owner's data as evidence. Whatever deletes data by its age or on a
 * request asks this first, and waits while it is so (INC-4).
 */
export async function isEvidence(
  store: Pick<ReadStore, "getAll">,
  ownerId: string,
): Promise<boolean> {
  return (await stillFree(store, ownerId)) === null;
}

/**
 * A write for each commit that erases something of an owner: it changes nothing, and makes the
 * commit fail if an incident has frozen the owner's evidence since, so that what races with a
 * freeze destroys nothing. Null if the evidence is frozen already.
 */
export async function stillFree(
  store: Pick<ReadStore, "getAll">,
  ownerId: string,
): Promise<Write | null> {
  const own = evidenceFreezes.doc(ownerId);
  const found = await store.getAll(own, evidenceFreezes.doc(everybody));
  const isFrozen = found.some(({ value }) => Object.keys(value?.incidents ?? {}).length > 0);
  // The one of all owners isn't named: everybody's erasures would wait for each other. Containing
  // all owners changes the own one of each, too.
  return isFrozen ? null : unchanged(found[0]);
}
