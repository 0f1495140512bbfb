// @module-tag slow
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { cpuSoFar, parseStat } from "./cpu-tree.ts";

describe("parseStat()", () => {
  test("parses a name that contains blanks and brackets", () => {
    const fields = "S 7 1 1 0 -1 4194560 9 9 0 0 21 4 300 50 20 0 1 0 100 0 0";
    expect(parseStat(`42 (a) (b c) ${fields}`)).toEqual({
      pid: 42,
      parent: 7,
      ownMs: 250,
      endedMs: 3_500,
    });
  });
});

describe("cpuSoFar()", () => {
  test("counts ended children, including their own children", () => {
    const before = cpuSoFar();
    const busy =
      "const end = process.cpuUsage().user + 100_000; while (process.cpuUsage().user < end);";
    spawnSync("/bin/sh", ["-c", '"$0" --eval "$1"; true', process.execPath, busy]);
    const after = cpuSoFar();
    expect(after.runner - before.runner).toBeGreaterThanOrEqual(90);
    expect(after.services).toBeGreaterThanOrEqual(before.services);
  });
});
