/**
 * The file systems of one execution: sized ones to write to, and the machine's system through
 * inodes of its own. If sandboxes of one machine shared an inode, they could see each other's locks
 * and watches on it. An overlay has inodes of its own for the same bytes.
 *
 * In Cloud Run a machine has one execution, so nothing is shared.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { describeError } from "#shared/core/describe-error";
import { Fault } from "#shared/core/fault";
import type { SandboxPlan } from "../sandbox/bubblewrap-arguments.ts";
import type { PreparedLayer, SandboxLimits } from "./messages.ts";
import type { LauncherSettings } from "./settings.ts";

/** Pseudo-terminals of one execution; the kernel has a few thousand for all. */
export const terminalsMax = 32;

/** The folders that they are mounted on. */
export interface MountPoints {
  readonly workspace: string;
  readonly tmp: string;
  readonly layer: string;
  readonly own: Pick<SandboxPlan, "system" | "node">;
}

/** The arguments of `mount(2)`. */
interface Mount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags: number;
  readonly options: string;
}

const flag = { readOnly: 1, noSetUid: 2, noDevices: 4, bind: 4096 };
/** The kernel's numbers of `mount(2)`, `umount2(2)` and `prlimit(2)`. */
const callNumbers = process.arch === "arm64" ? [40, 39, 261] : [165, 166, 302];
/** Where the program says that it is done, and waits for the end. */
const lineDescriptor = 3;
const mountTimeoutMs = 20_000;

/**
 * Node can't mount, and a program for each mount would take longer than all the calls together. The
 * probe inside needs Perl anyway. The same script limits the core files of a process that holds
 * tokens to one byte: see `core-files.ts`. It waits until it may unmount, since starting another
 * program for that would take longer.
 */
const program = `
use strict;
my ($mount, $umount, $prlimit, $pid, @mounts) = @ARGV;
my $bytes = pack("QQ", 1, 1);
$pid == 0 or syscall($prlimit, $pid + 0, 4, $bytes, 0) == 0 or die "core files: $!\n";
my @targets;
while (my ($source, $target, $type, $flags, $options) = splice @mounts, 0, 5) {
  syscall($mount, $source, $target, $type, $flags + 0, $options) == 0 or die "$type of $source: $!\n";
  unshift @targets, $target;
}
open(my $line, "+<&=", ${lineDescriptor}) or die "no line: $!\n";
syswrite $line, "mounted";
sysread $line, my $end, 1;
syscall($umount, $_, 2) for @targets;`;

export interface MountedFileSystems {
  /** Unmounts them, also from processes that still use them. */
  unmount(): Promise<void>;
}

/**
 * @param undumpedPid The process that mustn't leave core files from now on; 0 for none.
 * @throws {Fault} If one of them can't be mounted; then nothing may run.
 */
export async function mountFileSystems(
  points: MountPoints,
  { limits, layer }: { readonly limits: SandboxLimits; readonly layer: PreparedLayer },
  settings: LauncherSettings,
  undumpedPid: number,
): Promise<MountedFileSystems> {
  const { system, node } = points.own;
  const mounts = [
    ...sized(points, { limits, layer }, settings),
    ...(system === null ? [] : ownSystem(system, node)),
  ];
  const words = mounts.flatMap(({ source, target, type, flags, options }) => [
    ...[source, target, type, `${flags}`, options],
  ]);
  const numbers = [...callNumbers, undumpedPid].map(String);
  const mounter = spawn("/usr/bin/perl", ["-e", program, ...numbers, ...words], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const line = mounter.stdio[lineDescriptor];
  if (!(line instanceof Socket)) throw new Fault("There is no line to the program that mounts.");
  const closed = new Promise<string>((resolve) => {
    let said = "";
    mounter.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
    mounter.once("error", (error) => resolve(describeError(error)));
    mounter.once("close", () => resolve(said.trim()));
  });
  // It may end at any moment; only what it said matters.
  line.on("error", () => undefined);
  const failed = closed.then((why) => Promise.reject(new Fault(`Not mounted: ${why}`)));
  failed.catch(() => undefined);
  const timer = setTimeout(() => mounter.kill("SIGKILL"), mountTimeoutMs);
  await Promise.race([once(line, "data"), failed]).finally(() => clearTimeout(timer));
  return {
    unmount: async () => {
      line.end();
      await closed;
    },
  };
}

/** Separate file systems, so that neither bytes nor inodes can exceed their limits. */
function sized(
  points: MountPoints,
  { limits, layer }: { readonly limits: SandboxLimits; readonly layer: PreparedLayer },
  { supervisorUid, sandboxUid }: LauncherSettings,
): Mount[] {
  const { workspaceBytes, tmpBytes, workspaceInodesMax } = limits;
  const tmpfs = (target: string, bytes: number, uid: number): Mount => ({
    ...{ source: "paddock", target, type: "tmpfs", flags: flag.noSetUid | flag.noDevices },
    options: `size=${bytes},nr_inodes=${workspaceInodesMax},mode=0700,uid=${uid},gid=${uid}`,
  });
  return [
    tmpfs(points.workspace, workspaceBytes, supervisorUid),
    tmpfs(points.tmp, tmpBytes, sandboxUid),
    ...(layer?.use === "mount" ? [tmpfs(points.layer, layer.sizeBytes, supervisorUid)] : []),
  ];
}

/** The machine's `/usr`, `/etc` and `/dev`, terminals, and the Node that runs us. */
function ownSystem(folder: string, node: string): Mount[] {
  const at = (name: string) => join(folder, name);
  for (const name of ["usr", "etc", "dev", "pts", "bin", "runtime", "empty"]) mkdirSync(at(name));
  writeFileSync(node, "");
  const overlay = (lower: string, target: string, flags: number = flag.noDevices): Mount => ({
    ...{ source: lower, target, type: "overlay", flags: flags | flag.readOnly | flag.noSetUid },
    options: `lowerdir=${inOverlayOption(lower)}:${at("empty")}`,
  });
  return [
    ...["/usr", ...foldersMountedBelow("/usr")].map((path) => overlay(path, at(path))),
    overlay("/etc", at("etc")),
    overlay("/dev", at("dev"), 0),
    {
      ...{ source: "paddock", target: at("pts"), type: "devpts", flags: flag.noSetUid },
      options: `newinstance,ptmxmode=0666,mode=620,max=${terminalsMax}`,
    },
    overlay(dirname(process.execPath), at("runtime")),
    // Mounted separately, because its folder may be closed to other users.
    {
      ...{ source: join(at("runtime"), basename(process.execPath)), target: node, type: "bind" },
      ...{ flags: flag.bind, options: "" },
    },
  ];
}

/** An overlay ends where another file system begins, so those below get overlays, too. */
function foldersMountedBelow(path: string): string[] {
  return mountsBelow(path).filter(isFolder);
}

/** Where anything is mounted below `path`; what lies in another comes after it. */
export function mountsBelow(path: string): string[] {
  const rows = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const points = rows.map((row) => unescaped(row.split(" ")[4] ?? ""));
  return [...new Set(points)].filter((point) => point.startsWith(`${path}/`));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The kernel writes spaces in a path as `\\040`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function inOverlayOption(path: string): string {
  return path.replace(/[\\:,]/g, "\\$&");
}
