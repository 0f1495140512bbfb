import { describe, expect, test } from "vitest";
import { listProcesses, type Processes, startedSince } from "./processes.ts";

/** Processes as `pid parent start` lines. */
function listed(...lines: readonly string[]): Processes {
  return new Map(
    lines.map((line) => {
      const [pid = "", parent = "", startedAt = ""] = line.split(" ");
      return [Number(pid), { parent: Number(parent), startedAt }] as const;
    }),
  );
}

const kept = new Set([1, 2, 10]);

describe("what a command has started", () => {
  test("is its children, theirs, and what it left to process 1", () => {
    const before = listed("1 0 a", "2 1 a", "10 2 b");
    const now = listed("1 0 a", "2 1 a", "10 2 b", "20 10 c", "21 20 c", "22 1 c");
    expect(startedSince(before, now, kept)).toEqual([20, 21, 22]);
  });

  test("isn't a server of an earlier command, nor what that starts meanwhile", () => {
    const before = listed("1 0 a", "2 1 a", "10 2 b", "15 10 b");
    const now = listed("1 0 a", "2 1 a", "10 2 b", "15 10 b", "16 15 c", "20 10 c");
    expect(startedSince(before, now, kept)).toEqual([20]);
  });

  test("is a new process that got an old one's number", () => {
    const before = listed("1 0 a", "10 2 b", "15 10 b");
    const now = listed("1 0 a", "10 2 b", "15 10 z");
    expect(startedSince(before, now, kept)).toEqual([15]);
  });

  test("is found in this machine's own list, whatever a program is called", () => {
    expect(listProcesses().get(process.pid)?.parent).toBe(process.ppid);
  });
});
