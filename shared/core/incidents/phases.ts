/** The phases of an incident, which follow one another as the table says (INC-3). */
import * as z from "zod";

export const phases = [
  "detection",
  "triage",
  "containment",
  "investigation",
  "remediation",
  "communication",
  "closed",
] as const;
export const Phase = z.enum(phases);
export type Phase = (typeof phases)[number];

/** Where an incident can go from each phase. One that was closed can be opened again. */
export const nextPhases: Readonly<Record<Phase, readonly Phase[]>> = {
  detection: ["triage"],
  // Triage finds out whether it is one at all.
  triage: ["containment", "investigation", "closed"],
  containment: ["investigation"],
  investigation: ["containment", "remediation"],
  remediation: ["investigation", "communication"],
  communication: ["investigation", "closed"],
  closed: ["triage"],
};

export function mayMove(from: Phase, next: Phase): boolean {
  return nextPhases[from].includes(next);
}
