import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { counter, findHierarchy, SandboxCgroup, withinParent } from "./cgroup.ts";
import { cgroupSettings } from "./cgroup-settings.ts";
import type { SandboxLimits } from "./messages.ts";

const limits: SandboxLimits = {
  cpuMillis: 1_500,
  memoryBytes: 1_000_000,
  processesMax: 50,
  openFilesMax: 1,
  fileBytesMax: 1,
  workspaceBytes: 1,
  workspaceInodesMax: 1,
  tmpBytes: 1,
};
const ownV1 = "4:memory:/job/a\n8:pids:/\n1:cpu,cpuacct:/x:y\n0::/\n";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "paddock-cgroup-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("findHierarchy()", () => {
  test("v1: each controller has a tree, and the process its place in each", () => {
    expect(findHierarchy(ownV1, null, root)).toEqual({
      version: 1,
      parents: {
        memory: join(root, "memory/job/a"),
        pids: join(root, "pids/"),
        cpu: join(root, "cpu/x:y"),
      },
    });
  });

  test("v2: one tree", () => {
    writeFileSync(join(root, "cgroup.controllers"), "cpu memory pids\n");
    const folder = join(root, "job/b");
    expect(findHierarchy("0::/job/b\n", null, root)).toEqual({
      version: 2,
      parents: { memory: folder, pids: folder, cpu: folder },
    });
  });

  test("a given path overrides the process's own", () => {
    expect(findHierarchy(ownV1, "given/path", root).parents.memory).toBe(
      join(root, "memory/given/path"),
    );
  });
});

describe("cgroupSettings()", () => {
  const files = (version: 1 | 2) =>
    cgroupSettings(version, limits).map(
      ({ controller, file, value }) => `${controller}/${file}=${value}`,
    );

  test("v1", () => {
    expect(files(1)).toEqual([
      "memory/memory.limit_in_bytes=1000000",
      "memory/memory.memsw.limit_in_bytes=1000000",
      "pids/pids.max=50",
      "cpu/cpu.cfs_period_us=100000",
      "cpu/cpu.cfs_quota_us=150000",
    ]);
  });

  test("v2", () => {
    expect(files(2)).toEqual([
      "memory/memory.max=1000000",
      "memory/memory.swap.max=0",
      "pids/pids.max=50",
      "cpu/cpu.max=150000 100000",
    ]);
  });
});

describe("CPU above the parent's on v1", () => {
  const parent = (quota: string) => {
    mkdirSync(join(root, "cpu/x:y"), { recursive: true });
    writeFileSync(join(root, "cpu/x:y/cpu.cfs_quota_us"), quota);
    writeFileSync(join(root, "cpu/x:y/cpu.cfs_period_us"), "50000\n");
    return withinParent(findHierarchy(ownV1, null, root), limits).cpuMillis;
  };

  test("is cut to what the parent has, since the kernel refuses more", () => {
    expect(parent("50000\n")).toBe(1_000);
  });

  test.each(["-1\n", "500000\n"])("stays as it is below a parent with %j", (quota) => {
    expect(parent(quota)).toBe(1_500);
  });
});

describe("a SandboxCgroup on v2", () => {
  const make = () => {
    writeFileSync(join(root, "cgroup.controllers"), "cpu memory pids\n");
    mkdirSync(join(root, "job/sandbox"), { recursive: true });
    return new SandboxCgroup(findHierarchy("0::/job\n", null, root), limits);
  };
  const write = (file: string, text: string) =>
    writeFileSync(join(root, "job/sandbox", file), text);

  test("hands the controllers down, sets the limits, and is entered through one file", () => {
    const group = make();
    const read = (file: string) => readFileSync(join(root, "job", file), "utf8");
    expect(read("cgroup.subtree_control")).toBe("+memory +pids +cpu");
    expect(read("sandbox/memory.max")).toBe("1000000");
    expect(read("sandbox/pids.max")).toBe("50");
    expect(group.entryFiles).toEqual([join(root, "job/sandbox/cgroup.procs")]);
  });

  test("tells the kernel's limits only of a process that is in it", () => {
    const group = make();
    write("cgroup.procs", "7\n9\n");
    write("memory.max", "900000\n");
    expect(group.limitsOf(9)).toEqual({ memoryBytes: 900_000, processesMax: 50 });
    expect(() => group.limitsOf(8)).toThrow("isn't in its memory group");
  });

  test("counts kills and refusals", () => {
    const group = make();
    write("memory.events", "low 0\noom 4\noom_kill 3\noom_group_kill 9\n");
    write("pids.events", "max 12\n");
    expect(group.events()).toEqual({ memoryKills: 3, processRefusals: 12 });
  });
});

describe("counter()", () => {
  test("reads whole names only", () => {
    expect(counter("oom_kill_disable 1\noom_kill 2", "oom_kill")).toBe(2);
    expect(counter("", "oom_kill")).toBe(0);
  });
});
