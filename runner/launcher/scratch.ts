/** The execution's folder on the host: programs, synthesised `/etc`, and the sized file systems. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  type HostFacts,
  maskedProcFiles,
  readOnlyProcFolders,
  trustFolder,
} from "../sandbox/arguments.ts";
import { etcFiles } from "../sandbox/etc-files.ts";
import { assemble, seccompFilter } from "../sandbox/seccomp/filter.ts";
import type { SandboxLimits } from "./messages.ts";
import { run } from "./run.ts";
import type { LauncherSettings } from "./settings.ts";

export interface Scratch {
  readonly runtime: string;
  readonly node: string;
  readonly supervisorProgram: string;
  readonly initFile: string;
  readonly filter: string;
  readonly workspace: string;
  readonly tmp: string;
  readonly socket: string;
  readonly trust: string;
}

/** The programs themselves, and what V8 made of them: see `start-compiled.ts`. */
const programEndings = [".code.js", ".code.cache"];

/**
 * Lays out the folder. What lies where other uids can't go is brought here: the Node that runs us
 * is mounted, the supervisor copied. Straight from the sources it is run where it lies, since it
 * needs its modules.
 */
export async function layOutScratch(settings: LauncherSettings, self: string): Promise<Scratch> {
  const { scratch, supervisorUid, sandboxUid } = settings;
  const ending = self.endsWith(".ts") ? ".ts" : ".cjs";
  const at = (...names: string[]) => join(scratch, ...names);
  const runtime = at("runtime");
  for (const folder of ["runtime/bin", "runtime/etc", `runtime/${trustFolder}`, "program"]) {
    mkdirSync(at(folder), { recursive: true, mode: 0o755 });
  }
  for (const folder of ["supervisor", "workspace", "tmp"]) {
    mkdirSync(at(folder), { recursive: true, mode: 0o700 });
  }
  // Others must pass through, though not look around.
  chmodSync(scratch, 0o711);
  for (const folder of ["supervisor", `runtime/${trustFolder}`]) {
    chownSync(at(folder), supervisorUid, supervisorUid);
  }
  const etc = Object.entries(etcFiles(sandboxUid));
  for (const [name, text] of etc) writeFileSync(join(runtime, "etc", name), text, { mode: 0o444 });
  writeFileSync(
    at("filter.bpf"),
    assemble(seccompFilter(process.arch === "arm64" ? "arm64" : "x64")),
  );
  return {
    runtime,
    node: await bringNode(join(runtime, "bin", "node")),
    supervisorProgram: copySupervisor(self, ending, at("program")),
    initFile: copyInit(self, ending, join(runtime, "init")),
    filter: at("filter.bpf"),
    workspace: at("workspace"),
    tmp: at("tmp"),
    socket: at("supervisor", "init.sock"),
    trust: at("runtime", trustFolder),
  };
}

/** @returns Where every uid can run it. */
async function bringNode(target: string): Promise<string> {
  if (isOpenToAll(process.execPath)) return process.execPath;
  writeFileSync(target, "");
  await run("mount", ["--bind", process.execPath, target]);
  return target;
}

/** Whether every uid can read it: the file itself, and the way to it. */
export function isOpenToAll(path: string): boolean {
  if ((statSync(path).mode & 0o004) === 0) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function copySupervisor(self: string, ending: string, into: string): string {
  const source = join(dirname(self), `supervisor${ending}`);
  if (ending === ".ts" || isOpenToAll(source)) return source;
  return copyProgram(source, into);
}

/** @returns The copy's path. */
function copyProgram(source: string, into: string): string {
  const target = join(into, basename(source));
  copyFileSync(source, target);
  const [bare, bareTarget] = [source, target].map((path) => path.slice(0, -".cjs".length));
  for (const ending of programEndings) {
    if (existsSync(`${bare}${ending}`)) copyFileSync(`${bare}${ending}`, `${bareTarget}${ending}`);
  }
  return target;
}

function copyInit(self: string, ending: string, into: string): string {
  const file = `init${ending}`;
  const source = join(dirname(self), file);
  if (ending !== ".ts") return basename(copyProgram(source, into));
  copyFileSync(source, join(into, file));
  cpSync(join(dirname(self), "init"), join(into, "init"), { recursive: true });
  writeFileSync(join(into, "package.json"), '{"type":"module"}');
  return file;
}

/** By a shell: it starts two programs for less than Node starts one. */
const mountBoth = `
mount -t tmpfs -o "$1" paddock "$2" && exec mount -t tmpfs -o "$3" paddock "$4"`;

/** File systems of their own, so that neither bytes nor inodes can exceed what they may. */
export async function mountSized(
  scratch: Scratch,
  limits: SandboxLimits,
  { supervisorUid, sandboxUid }: LauncherSettings,
): Promise<void> {
  const options = (bytes: number, uid: number) =>
    `nosuid,nodev,size=${bytes},nr_inodes=${limits.workspaceInodesMax},mode=0700,uid=${uid},gid=${uid}`;
  const { workspace, tmp } = scratch;
  const [ofWorkspace, ofTmp] = [
    options(limits.workspaceBytes, supervisorUid),
    options(limits.tmpBytes, sandboxUid),
  ];
  await run("/bin/sh", ["-c", mountBoth, "sh", ofWorkspace, workspace, ofTmp, tmp]);
}

/**
 * A file system of its own and everything in it belongs to `uid` then; links are not followed. No
 * stranger may be running.
 */
export async function giveTo(uid: number, mount: string): Promise<void> {
  if (isEmpty(mount)) chownSync(mount, uid, uid);
  else await run("chown", ["-hR", `${uid}:${uid}`, mount]);
}

/** Whether it holds nothing but its root; nothing in it is opened. */
function isEmpty(mount: string): boolean {
  const { files, ffree } = statfsSync(mount);
  return files - ffree <= 1;
}

/** Unmounts and removes all of it; safe to repeat. */
export async function removeScratch(settings: LauncherSettings): Promise<void> {
  const { scratch } = settings;
  const device = deviceOf(scratch);
  const sized = [join(scratch, "workspace"), join(scratch, "tmp")];
  const mounts = sized.filter((path) => ![undefined, device].includes(deviceOf(path)));
  // It is there only to be mounted on, and may be of the same file system.
  const node = join(scratch, "runtime/bin/node");
  if (existsSync(node)) mounts.push(node);
  if (mounts.length > 0) await run("umount", ["--lazy", ...mounts]).catch(() => undefined);
  rmSync(settings.scratch, { recursive: true, force: true });
}

/** Tells file systems apart; undefined for what isn't there. */
function deviceOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.dev;
}

export function hostFacts(): HostFacts {
  const usrLinks = ["/bin", "/sbin", "/lib", "/lib64", "/lib32"].flatMap((path) => {
    const target = linkTarget(path);
    return target === undefined ? [] : [{ path, target }];
  });
  return {
    usrLinks,
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
