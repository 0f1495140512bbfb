import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCgroup, findHierarchies } from "./cgroup.ts";

const limits = { cpuMillis: 1_500, memoryBytes: 2_048, processesMax: 64 };
let root: string;
const read = (path: string) => readFileSync(join(root, path), "utf8");

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cgroup-"));
});
afterEach(() => rmSync(root, { recursive: true }));

describe("createCgroup()", () => {
  // Uses plain files in place of v2's, because this machine's kernel may have v1 only.
  test("with one tree writes v2's files and hands the controllers down to the sandbox", async () => {
    writeFileSync(join(root, "cgroup.controllers"), "cpu memory pids");
    const hierarchies = findHierarchies(root);
    expect(hierarchies.version).toBe(2);
    const group = await createCgroup(hierarchies, "paddock-x/e1", limits);
    expect(group.entryFiles).toEqual([join(root, "paddock-x/e1/container/cgroup.procs")]);
    expect(read("paddock-x/e1/memory.max")).toBe("2048");
    expect(read("paddock-x/e1/pids.max")).toBe("64");
    expect(read("paddock-x/e1/cpu.max")).toBe("150000 100000");
    for (const level of ["", "paddock-x/", "paddock-x/e1/"]) {
      expect(read(`${level}cgroup.subtree_control`)).toBe("+memory +pids +cpu");
    }
  });

  test("with a tree for each controller writes v1's files", async () => {
    for (const controller of ["memory", "pids", "cpu"]) mkdirSync(join(root, controller));
    const group = await createCgroup(findHierarchies(root), "paddock-x/e1", limits);
    expect(group.entryFiles).toHaveLength(3);
    expect(read("memory/paddock-x/e1/memory.limit_in_bytes")).toBe("2048");
    expect(read("pids/paddock-x/e1/pids.max")).toBe("64");
    expect(read("cpu/paddock-x/e1/cpu.cfs_quota_us")).toBe("150000");
  });
});

test("a machine without memory, pids and cpu control can't run containers", () => {
  mkdirSync(join(root, "memory"));
  expect(() => findHierarchies(root)).toThrow(/pids.*is missing/);
});
