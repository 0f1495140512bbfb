/** Processes of this machine by their command, and what they hold. */
import { readdirSync, readFileSync } from "node:fs";
import { residentMb } from "./function-child.ts";

/** The processes that have a word in their command that ends with this path. */
export function processesOf(path: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && wordsOf(pid).some((word) => word.endsWith(path)));
}

/** Resident memory in MB; zero of a process that has ended meanwhile. */
export function heldMb(pid: number): ReturnType<typeof residentMb> {
  try {
    return residentMb(pid);
  } catch {
    return { now: 0, most: 0 };
  }
}

/** Empty if the process has ended meanwhile. */
function wordsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
