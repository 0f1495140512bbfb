import { describe, expect, test } from "vitest";
import { decideOutcome, type Seen } from "./outcome.ts";

const quiet: Seen = {
  stopped: null,
  exitCode: 1,
  memoryKills: 0,
  processRefusals: 0,
  diskFull: false,
};

describe("decideOutcome()", () => {
  test.each<[Partial<Seen>, object]>([
    [{ exitCode: 0 }, { outcome: "success", reason: "completed", exitCode: 0 }],
    [{ exitCode: 7 }, { outcome: "failed", reason: "command_failed", exitCode: 7 }],
    [{ exitCode: null }, { outcome: "failed", reason: "command_failed", exitCode: null }],
    [
      { memoryKills: 1, exitCode: 137 },
      { outcome: "failed", reason: "memory_limit", exitCode: 137 },
    ],
    [{ processRefusals: 3 }, { outcome: "failed", reason: "process_limit", exitCode: 1 }],
    [{ diskFull: true }, { outcome: "failed", reason: "disk_quota", exitCode: 1 }],
    [{ exitCode: 153 }, { outcome: "failed", reason: "disk_quota", exitCode: 153 }],
    [
      { stopped: "time_limit", exitCode: 0 },
      { outcome: "failed", reason: "time_limit", exitCode: 124 },
    ],
    [
      { stopped: "cancelled", exitCode: 143 },
      { outcome: "cancelled", reason: "cancelled", exitCode: 143 },
    ],
    [
      { stopped: "budget", exitCode: null },
      { outcome: "failed", reason: "budget", exitCode: null },
    ],
    [{ stopped: "output_limit" }, { outcome: "failed", reason: "output_limit", exitCode: 1 }],
  ])("%j", (seen, outcome) => {
    expect(decideOutcome({ ...quiet, ...seen })).toEqual(outcome);
  });

  test("a script that copes with a limit has succeeded", () => {
    const met = { memoryKills: 1, processRefusals: 1, diskFull: true };
    expect(decideOutcome({ ...quiet, ...met, exitCode: 0 }).outcome).toBe("success");
  });
});
