import { expect, test } from "vitest";
import { mayMove, nextPhases, phases } from "./phases.ts";

test("INC-3 every phase can be reached from detection, and an incident can be closed from each", () => {
  const reachable = (from: (typeof phases)[number]) => {
    const seen = new Set([from]);
    for (const phase of seen) for (const next of nextPhases[phase]) seen.add(next);
    return seen;
  };
  expect([...reachable("detection")].toSorted()).toEqual([...phases].toSorted());
  for (const phase of phases) expect(reachable(phase)).toContain("closed");
});

test("INC-3 nothing is closed before triage, and users are told before an incident is closed", () => {
  expect(mayMove("detection", "closed")).toBe(false);
  expect(mayMove("remediation", "closed")).toBe(false);
  expect(mayMove("containment", "communication")).toBe(false);
  for (const phase of phases) expect(mayMove(phase, phase)).toBe(false);
});
