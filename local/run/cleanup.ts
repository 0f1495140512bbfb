import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { killProcess } from "../../runner/launcher/kill-process.ts";
import { pollUntil } from "../lib/poll-until.ts";

const run = promisify(execFile);
/** The limit for processes that can't be killed; on a busy machine dead ones take seconds to go. */
const killWithinMs = 60_000;

/** User ids from `firstUid` up to, but without, `firstUid + count`. */
export interface UidSpan {
  readonly firstUid: number;
  readonly count: number;
}

/** Kills every process whose real, effective or saved user is in a span, until none is left. */
export async function killUsers(...spans: readonly UidSpan[]): Promise<void> {
  const gone = await pollUntil(() => {
    const pids = processesOf(...spans);
    for (const pid of pids) killProcess(pid);
    return pids.length === 0;
  }, killWithinMs);
  const first = spans.map(({ firstUid }) => firstUid).join(", ");
  if (!gone) throw new Error(`Processes of the users from ${first} on can't be killed.`);
}

/**
 * The living processes of the spans' users; zombies don't count. Files are read synchronously,
 * because a promise per process of the machine was most of a local cloud's work for an execution.
 */
export function processesOf(...spans: readonly UidSpan[]): number[] {
  const inSpan = (uid: number) =>
    spans.some(({ firstUid, count }) => uid >= firstUid && uid < firstUid + count);
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => usersOf(entry).some(inSpan))
    .map(Number);
}

/** Real, effective, saved and file system users; empty for a process that has ended. */
function usersOf(pid: string): number[] {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    if (/^State:\s+[ZX]/m.test(status)) return [];
    return /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/).map(Number) ?? [];
  } catch {
    return [];
  }
}

/** Makes an empty directory that only root can enter, including its parents. */
export async function createScratch(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o711 });
  await chmod(path, 0o700);
}

/** Unmounts everything at or below `path`, innermost first, and removes it all. */
export async function removeScratch(path: string): Promise<void> {
  for (const mount of await mountsUnder(path)) await run("umount", ["--lazy", mount]);
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Mount points at or below `path`, innermost first. */
export async function mountsUnder(path: string): Promise<string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  const points = table.split("\n").map((line) => unescapeOctal(line.split(" ")[4] ?? ""));
  return points.filter((point) => point === path || point.startsWith(`${path}/`)).reverse();
}

/** A directory's entries by full path; empty if it is missing. */
export async function entriesOf(parent: string): Promise<string[]> {
  const names = await readdir(parent).catch(() => []);
  return names.map((name) => join(parent, name));
}

/** The kernel writes spaces in paths as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
