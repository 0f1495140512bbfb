/** Finds the incident that a detector's finding belongs to. */
import { derivedId } from "../core/ids.ts";
import { dayOf, type Finding } from "../core/incidents/detection.ts";
import { goesOn } from "../core/incidents/goes-on.ts";
import type { Owner } from "../identity/owner.ts";
import { type Incident, incidents } from "../store/incidents.ts";
import type { ReadStore } from "../store/store.ts";

/** An incident that is open; the id of one to open; or null for what people know of already. */
type Place = { readonly open: Incident } | { readonly newId: string } | null;

/** What the ids of an owner's anomaly and incidents derive from: one of each a day at first. */
export function findingParts(owner: Owner, { detector, subject, at }: Finding): readonly string[] {
  return [owner.id, detector, subject, String(dayOf(at))];
}

/**
 * The day's incident while it is open. After it was closed a finding belongs to none, since the one
 * who closed it knew; but what goes on afterwards opens a further one, whose id has a number.
 */
export async function placeOf(store: ReadStore, owner: Owner, finding: Finding): Promise<Place> {
  let closed: Incident | null = null;
  // Operators close incidents one by one, so there are few.
  for (let number = 1; ; number += 1) {
    const parts = [...findingParts(owner, finding), ...(number > 1 ? [String(number)] : [])];
    const id = derivedId("incident", ...parts);
    const [{ value: incident }] = await store.getAll(incidents.doc(id));
    if (incident && incident.phase !== "closed") return { open: incident };
    if (!incident) {
      const isKnown = closed !== null && !goesOn(closed, finding);
      return isKnown ? null : { newId: id };
    }
    closed = incident;
  }
}
