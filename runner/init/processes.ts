/** The sandbox's processes, and ending those that one command has started. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Asked to end first, then killed. */
const graceMs = 1_000;
const lookMs = 20;
/** A process may start another one between two looks. */
const roundsMax = 50;

interface Listed {
  readonly parent: number;
  /** With the number, this names a process for ever, because numbers are used again. */
  readonly startedAt: string;
}

export type Processes = ReadonlyMap<number, Listed>;

/** All living processes; zombies are left out. */
export function listProcesses(): Processes {
  const found = new Map<number, Listed>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const listed = lookAt(name);
    if (listed !== null) found.set(Number(name), listed);
  }
  return found;
}

/** Null if it has ended. The name is in parentheses, and may hold some itself. */
function lookAt(pid: string): Listed | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state = "Z", parent = "0"] = fields;
    // The 22nd field of the whole line.
    const startedAt = fields[19] ?? "";
    return state === "Z" || state === "X" ? null : { parent: Number(parent), startedAt };
  } catch {
    return null;
  }
}

/**
 * The processes that a command has started, also those that it left to process 1. What a server
 * of an earlier command starts meanwhile is that server's.
 *
 * @param kept Neither ended nor followed: the init, process 1, the shell.
 */
export function startedSince(before: Processes, now: Processes, kept: ReadonlySet<number>) {
  const isOld = (pid: number) => {
    const old = before.get(pid);
    return old !== undefined && old.startedAt === now.get(pid)?.startedAt;
  };
  const belongsToOld = (pid: number): boolean => {
    const seen = new Set<number>();
    for (let each = pid; each > 1 && !seen.has(each); each = now.get(each)?.parent ?? 0) {
      if (kept.has(each)) return false;
      if (isOld(each)) return true;
      seen.add(each);
    }
    return false;
  };
  return [...now.keys()].filter((pid) => !kept.has(pid) && !belongsToOld(pid));
}

/** Ends what was started since `before`, in the order: asked, then killed, until none is left. */
export async function endStartedSince(
  before: Processes,
  kept: () => ReadonlySet<number>,
): Promise<void> {
  const left = () => startedSince(before, listProcesses(), kept());
  send("SIGTERM", left());
  const until = performance.now() + graceMs;
  while (left().length > 0 && performance.now() < until) await wait(lookMs);
  for (let round = 0; round < roundsMax; round += 1) {
    const victims = left();
    if (victims.length === 0) return;
    send("SIGKILL", victims);
    await wait(lookMs);
  }
}

function send(signal: NodeJS.Signals, pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}
