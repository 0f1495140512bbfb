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
  const found = await store.getAll(evidenceFreezes.doc(ownerId), evidenceFreezes.doc(everybody));
  return found.some(({ value }) => value !== null && Object.keys(value.incidents).length > 0);
}
