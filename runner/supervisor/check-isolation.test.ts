import { describe, expect, test } from "vitest";
import type { Limits } from "#shared/protocol/runner";
import { denialNames } from "../init/messages.ts";
import { missingWalls, type Proof } from "./check-isolation.ts";

const limits: Limits = {
  wallClockMs: 1,
  cpuMillis: 1,
  memoryBytes: 1_000,
  processesMax: 10,
  openFilesMax: 20,
  fileBytesMax: 30,
  workspaceBytes: 40_960,
  workspaceInodesMax: 50,
  tmpBytes: 60_000,
  streamBytesMax: 1,
};
const closed: Proof = {
  report: {
    denials: Object.fromEntries(denialNames.map((name) => [name, true])),
    facts: {
      uid: 5,
      gid: 5,
      workspaceBytes: 40_960,
      workspaceInodesMax: 50,
      tmpBytes: 61_440,
      openFilesMax: 20,
      fileBytesMax: 30,
      processesMax: 10,
    },
  },
  started: { memoryBytes: 1_000, processesMax: 10, limitedBy: "cgroup", sharedNamespaces: [] },
  limits,
  sandboxUid: 5,
};

/** The proof with one answer changed. */
function but(change: { denial?: string; fact?: string; value?: number | string }): Proof {
  const denials = { ...closed.report.denials };
  const facts = { ...closed.report.facts };
  if (change.denial !== undefined) delete denials[change.denial];
  if (change.denial !== undefined && typeof change.value === "string") {
    denials[change.denial] = change.value;
  }
  if (change.fact !== undefined) delete facts[change.fact];
  if (change.fact !== undefined && typeof change.value === "number") {
    facts[change.fact] = change.value;
  }
  return { ...closed, report: { denials, facts } };
}

describe("EXE-8 missingWalls()", () => {
  test("finds nothing where all is proven", () => {
    expect(missingWalls(closed)).toEqual([]);
  });

  test.each(denialNames)("requires %s, and counts a missing answer as no", (denial) => {
    expect(missingWalls(but({ denial }))).toEqual([`${denial}: not proven`]);
    expect(missingWalls(but({ denial, value: "allowed" }))).toEqual([`${denial}: allowed`]);
  });

  test.each(Object.keys(closed.report.facts))("requires %s within its limit", (fact) => {
    const started = { ...closed.started, limitedBy: "job" } as const;
    for (const proof of [but({ fact }), but({ fact, value: 999_999 }), but({ fact, value: -1 })]) {
      expect(missingWalls({ ...proof, started }).length).toBeGreaterThan(0);
    }
  });

  test("lets a group count processes where there is one", () => {
    expect(missingWalls(but({ fact: "processesMax", value: 999_999 }))).toEqual([]);
  });

  test("requires separate namespaces", () => {
    const started = { ...closed.started, sharedNamespaces: ["ipc"] };
    expect(missingWalls({ ...closed, started })).toEqual(["ipc namespace: the host's own"]);
  });

  test("requires the kernel's own values for memory and processes", () => {
    const started = { ...closed.started, memoryBytes: Number.NaN, processesMax: 11 };
    expect(missingWalls({ ...closed, started })).toHaveLength(2);
  });
});
