import { describe, expect, test } from "vitest";
import { decideOutcome, type Seen, shellExitCode } from "./outcome.ts";

const quiet: Seen = {
  stopped: null,
  exitCode: 1,
  memoryKills: 0,
  processRefusals: 0,
  diskFull: false,
  outputTail: "",
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
    [{ exitCode: 153 }, { outcome: "failed", reason: "file_size_limit", exitCode: 153 }],
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

  test.each([
    ["open_files_limit", "OSError: [Errno 24] Too many open files: '/dev/null'"],
    ["open_files_limit", "Error: EMFILE: too many open files, open 'x'"],
    ["file_size_limit", "OSError: [Errno 27] File too large"],
    ["disk_quota", "tar: x: Cannot write: No space left on device"],
    ["process_limit", "bash: fork: retry: Resource temporarily unavailable"],
    ["process_limit", "RuntimeError: can't start new thread"],
    ["command_failed", "Resource temporarily unavailable"],
  ])("%s is what a failure means that says %j", (reason, outputTail) => {
    expect(decideOutcome({ ...quiet, outputTail }).reason).toBe(reason);
    expect(decideOutcome({ ...quiet, outputTail, exitCode: 0 }).reason).toBe("completed");
  });

  test("what the kernel counted explains more than words", () => {
    const seen = { ...quiet, memoryKills: 1, outputTail: "Too many open files" };
    expect(decideOutcome(seen).reason).toBe("memory_limit");
  });

  test("a script that copes with a limit has succeeded", () => {
    const met = { memoryKills: 1, processRefusals: 1, diskFull: true };
    expect(decideOutcome({ ...quiet, ...met, exitCode: 0 }).outcome).toBe("success");
  });
});

describe("shellExitCode()", () => {
  test.each([
    [3, null, 3],
    [0, "SIGTERM", 0],
    [null, "SIGKILL", 137],
    [null, "SIGRTMIN", 128],
    [null, "constructor", 128],
    [null, "__proto__", 128],
    [null, null, 128],
  ])("of the code %j and the signal %j is %d", (code, signal, exitCode) => {
    expect(shellExitCode({ code, signal })).toBe(exitCode);
  });
});
