/** CPU time of this process and of everything it has started, by kind, from the kernel's counts. */
import { readdirSync, readFileSync } from "node:fs";

export type Kind = "runner" | "functions" | "emulator" | "services";
export type CpuMs = Readonly<Record<Kind, number>>;

/** The tick of `/proc/<pid>/stat` on every Linux that Node runs on. */
const tickMs = 10;

interface Counted {
  readonly pid: number;
  readonly parent: number;
  /** The process's own time, including its threads. */
  readonly ownMs: number;
  /** The time of children that have ended and were waited for, including their children. */
  readonly endedMs: number;
}

/**
 * What this process and its descendants have used so far. A local cloud lives in this process, so
 * ended children belong to runners; functions and the emulator are still alive.
 */
export function cpuSoFar(): CpuMs {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const counted = all.map(Number).flatMap((pid) => countOf(pid) ?? []);
  const childrenOf = Map.groupBy(counted, ({ parent }) => parent);
  const sums = { runner: 0, functions: 0, emulator: 0, services: 0 };
  const add = (one: Counted, kind: Kind) => {
    sums[kind] += one.ownMs;
    sums[kind === "services" ? "runner" : kind] += one.endedMs;
    for (const child of childrenOf.get(one.pid) ?? []) {
      add(child, kind === "services" ? kindOf(child.pid) : kind);
    }
  };
  const self = counted.find(({ pid }) => pid === process.pid);
  if (self === undefined) throw new Error("/proc doesn't show this process.");
  add(self, "services");
  return sums;
}

/** How many living processes this one has started. */
export function livingChildren(): number {
  const file = `/proc/${process.pid}/task/${process.pid}/children`;
  return readFileSync(file, "utf8").split(" ").filter(Boolean).length;
}

/** `pid (name) state parent …`; a name may contain blanks and brackets. */
export function parseStat(text: string): Counted {
  const end = text.lastIndexOf(")");
  const pid = Number.parseInt(text, 10);
  const fields = text
    .slice(end + 2)
    .split(" ")
    .map(Number);
  const [, parent = 0] = fields;
  const ticks = (index: number) => fields[index] ?? Number.NaN;
  // utime, stime, cutime and cstime: fields 14 to 17 of proc(5), which counts from 1.
  return {
    pid,
    parent,
    ownMs: (ticks(11) + ticks(12)) * tickMs,
    endedMs: (ticks(13) + ticks(14)) * tickMs,
  };
}

/** Null if it ended meanwhile; then it is included in its parent's count. */
function countOf(pid: number): Counted | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return null;
  }
}

function kindOf(pid: number): Kind {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    if (words.some((word) => /\/functions\/[\w-]+\.cjs$/.test(word))) return "functions";
    if (words.some((word) => word.endsWith(".CloudFirestore"))) return "emulator";
  } catch {
    // It has just ended.
  }
  return "runner";
}
