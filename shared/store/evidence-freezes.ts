import * as z from "zod";
import { patch, systemCollection, type Write } from "./documents.ts";

/**
 * That incidents need an owner's data as evidence: while one is named, no sweep deletes anything of
 * the owner. The id is the owner's, or `all`.
 */
const EvidenceFreeze = z.object({
  v: z.literal(1),
  /** The incidents, and when each began to need it. */
  incidents: z.record(z.string(), z.int()).default({}),
  /** When all owners' evidence was frozen last, in epoch milliseconds. */
  touchedAt: z.int().optional(),
});
export const evidenceFreezes = systemCollection("evidenceFreezes", EvidenceFreeze);
export const everybody = "all";

/** Freezes an owner's evidence for an incident. It names no version, so it never waits. */
export function freezeEvidence(ownerId: string, incidentId: string, now: number): Write {
  const fields = { v: 1 as const, [`incidents.${incidentId}`]: now };
  return patch(evidenceFreezes.doc(ownerId), fields);
}

/**
 * Makes erasures of an owner that have asked before fail, when everybody's evidence is frozen. It
 * freezes nothing by itself, so there is nothing to end.
 */
export function touchFreeze(ownerId: string, now: number): Write {
  return patch(evidenceFreezes.doc(ownerId), { v: 1, touchedAt: now });
}

/** Ends the freeze that an incident caused, if there is one. */
export function thawEvidence(ownerId: string, incidentId: string): Write {
  return patch(evidenceFreezes.doc(ownerId), { v: 1 }, { removes: [`incidents.${incidentId}`] });
}
