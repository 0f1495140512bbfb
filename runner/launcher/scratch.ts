/**
 * The execution's folder on the host: programs, a synthesised `/etc`, and the sized file systems.
 */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import {
  type HostFacts,
  maskedProcFiles,
  readOnlyProcFolders,
  trustFolder,
} from "../sandbox/bubblewrap-arguments.ts";
import { etcFiles } from "../sandbox/etc-files.ts";
import { procFiles, sysFiles } from "../sandbox/proc-files.ts";
import { assemble, seccompFilter } from "../sandbox/seccomp/filter.ts";
import { readEtcNames } from "./etc-names.ts";
import { type MountPoints, mountsBelow } from "./file-systems.ts";
import { run } from "./run.ts";
import type { LauncherSettings } from "./settings.ts";

export interface Scratch extends MountPoints {
  readonly runtime: string;
  /** The supervisor's Node; the sandbox has one of its own. */
  readonly node: string;
  readonly supervisorProgram: string;
  readonly initFile: string;
  readonly filter: string;
  readonly socket: string;
  readonly trust: string;
}

/**
 * A program's code, and V8's compiled form of it: see `start-compiled.ts`; and what it loads only
 * for executions that need it.
 */
const programEndings = [".code.js", ".code.cache", ".late.cjs", ".mcp.cjs"];

/**
 * Creates the folder. Programs that other uids can't reach are brought here: Node is mounted, the
 * supervisor is copied. When started from the sources, the supervisor runs in place because it
 * needs its modules.
 */
export async function prepareScratch(settings: LauncherSettings, self: string): Promise<Scratch> {
  const { scratch, supervisorUid, sandboxUid } = settings;
  const ending = self.endsWith(".ts") ? ".ts" : ".cjs";
  const at = (...names: string[]) => join(scratch, ...names);
  const runtime = at("runtime");
  for (const folder of ["runtime/bin", `runtime/${trustFolder}`, "program", "system"]) {
    mkdirSync(at(folder), { recursive: true, mode: 0o755 });
  }
  for (const folder of ["supervisor", "workspace", "tmp", "layer"]) {
    mkdirSync(at(folder), { recursive: true, mode: 0o700 });
  }
  // Other users must pass through, but not list it.
  chmodSync(scratch, 0o711);
  for (const folder of ["supervisor", `runtime/${trustFolder}`]) {
    chownSync(at(folder), supervisorUid, supervisorUid);
  }
  writeSystemFiles(runtime, sandboxUid);
  writeFileSync(
    at("filter.bpf"),
    assemble(seccompFilter(process.arch === "arm64" ? "arm64" : "x64")),
  );
  const node = await bringNode(join(runtime, "bin", "node"));
  const shared = { system: at("system"), node: at("system", "bin", "node") };
  return {
    runtime,
    node,
    own: settings.insideCloudRun ? { system: null, node } : shared,
    supervisorProgram: copySupervisor(self, ending, at("program")),
    initFile: copyInit(self, ending, join(runtime, "init")),
    filter: at("filter.bpf"),
    workspace: at("workspace"),
    tmp: at("tmp"),
    layer: at("layer"),
    socket: at("supervisor", "init.sock"),
    trust: at("runtime", trustFolder),
  };
}

/** Files that replace the machine's in the sandbox: `etc`, `proc` and `sys` below `folder`. */
export function writeSystemFiles(folder: string, sandboxUid: number): void {
  const below = (place: string, files: Readonly<Record<string, string>>) =>
    Object.entries(files).map(([name, text]) => [join(folder, place, name), text] as const);
  const written = [
    ...below("etc", etcFiles(sandboxUid)),
    ...below("proc", procFiles(randomUuid())),
    ...below("sys", sysFiles(cpus())),
  ];
  for (const [path, text] of written) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileSync(path, text, { mode: 0o444 });
  }
  copyEtc(join(folder, "etc"));
}

/** Copies the host's files to `folder`, and makes places to mount its folders on. */
function copyEtc(folder: string): void {
  const { etcFolders, etcFiles } = hostEtc();
  for (const name of etcFolders) {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
  }
  for (const name of etcFiles) {
    mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o755 });
    copyFileSync(join("/etc", name), join(folder, name));
  }
  symlinkSync("../usr/lib/os-release", join(folder, "os-release"));
}

/** From the kernel, because loading `node:crypto` for one takes a tenth of a start. */
function randomUuid(): string {
  return readFileSync("/proc/sys/kernel/random/uuid", "utf8").trim();
}

/** The CPUs in the kernel's notation, `0-3`. */
function cpus(): string {
  const file = "/sys/devices/system/cpu/online";
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  return `0-${availableParallelism() - 1}`;
}

/** @returns A path where every uid can run it. */
async function bringNode(target: string): Promise<string> {
  if (isOpenToAll(process.execPath)) return process.execPath;
  writeFileSync(target, "");
  await run("mount", ["--bind", process.execPath, target]);
  return target;
}

/** Whether every uid can read it, including the way to it. */
export function isOpenToAll(path: string): boolean {
  if ((statSync(path).mode & 0o004) === 0) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function copySupervisor(self: string, ending: string, folder: string): string {
  const source = join(dirname(self), `supervisor${ending}`);
  if (ending === ".ts" || isOpenToAll(source)) return source;
  return copyProgram(source, folder);
}

/** @returns The copy's path. */
function copyProgram(source: string, folder: string): string {
  const target = join(folder, basename(source));
  copyFileSync(source, target);
  const [bare, bareTarget] = [source, target].map((path) => path.slice(0, -".cjs".length));
  for (const ending of programEndings) {
    if (existsSync(`${bare}${ending}`)) copyFileSync(`${bare}${ending}`, `${bareTarget}${ending}`);
  }
  return target;
}

function copyInit(self: string, ending: string, folder: string): string {
  const file = `init${ending}`;
  const source = join(dirname(self), file);
  if (ending !== ".ts") return basename(copyProgram(source, folder));
  copyFileSync(source, join(folder, file));
  for (const needed of ["init", "egress/refusal.ts"]) {
    cpSync(join(dirname(self), needed), join(folder, needed), { recursive: true });
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  return file;
}

/**
 * Gives a separate file system and everything in it to `uid`, without following links. No
 * stranger's process may be running.
 */
export async function chownTree(uid: number, mount: string): Promise<void> {
  if (isEmpty(mount)) chownSync(mount, uid, uid);
  else await run("chown", ["-hR", `${uid}:${uid}`, mount]);
}

/** Whether it holds nothing but its root; opens nothing in it. */
function isEmpty(mount: string): boolean {
  const { files, ffree } = statfsSync(mount);
  return files - ffree <= 1;
}

/** Unmounts and removes all of it; safe to repeat. */
export async function removeScratch({ scratch }: LauncherSettings): Promise<void> {
  const mounts = mountsBelow(scratch).reverse();
  if (mounts.length > 0) await run("umount", ["--lazy", ...mounts]).catch(() => undefined);
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * What a sandbox sees of the host's `/etc`: folders are mounted and files are copied. A copy costs
 * less than a mount, because bubblewrap reads the table of all mounts after each one.
 */
export function hostEtc(): { etcFolders: string[]; etcFiles: string[] } {
  const etcFolders: string[] = [];
  const etcFiles: string[] = [];
  for (const name of readEtcNames()) {
    const found = statSync(join("/etc", name), { throwIfNoEntry: false });
    if (found?.isDirectory()) etcFolders.push(name);
    if (found?.isFile()) etcFiles.push(name);
  }
  return { etcFolders, etcFiles };
}

export function hostFacts(): HostFacts {
  const usrLinks = ["/bin", "/sbin", "/lib", "/lib64", "/lib32"].flatMap((path) => {
    const target = linkTarget(path);
    return target === undefined ? [] : [{ path, target }];
  });
  return {
    usrLinks,
    etcFolders: hostEtc().etcFolders,
    procFiles: maskedProcFiles.filter((path) => existsSync(path)),
    procFolders: readOnlyProcFolders.filter((path) => existsSync(path)),
  };
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
