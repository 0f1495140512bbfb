/** The execution's folder on the host: programs, synthesised `/etc`, and the sized file systems. */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  statfsSync,
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

/**
 * Lays out the folder. The Node that runs us may lie where other uids can't go, so it is mounted
 * here. Straight from the sources, the supervisor is run where it lies, since it needs its modules.
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
  const node = join(runtime, "bin", "node");
  writeFileSync(node, "");
  await run("mount", ["--bind", process.execPath, node]);
  return {
    runtime,
    node,
    supervisorProgram: copySupervisor(self, ending, at("program")),
    initFile: copyInit(self, ending, join(runtime, "init")),
    filter: at("filter.bpf"),
    workspace: at("workspace"),
    tmp: at("tmp"),
    socket: at("supervisor", "init.sock"),
    trust: at("runtime", trustFolder),
  };
}

function copySupervisor(self: string, ending: string, into: string): string {
  const source = join(dirname(self), `supervisor${ending}`);
  if (ending === ".ts") return source;
  const target = join(into, basename(source));
  cpSync(source, target);
  return target;
}

function copyInit(self: string, ending: string, into: string): string {
  const file = `init${ending}`;
  cpSync(join(dirname(self), file), join(into, file));
  if (ending === ".ts") {
    cpSync(join(dirname(self), "init"), join(into, "init"), { recursive: true });
    writeFileSync(join(into, "package.json"), '{"type":"module"}');
  }
  return file;
}

/** File systems of their own, so that neither bytes nor inodes can exceed what they may. */
export async function mountSized(
  scratch: Scratch,
  limits: SandboxLimits,
  { supervisorUid, sandboxUid }: LauncherSettings,
): Promise<void> {
  const tmpfs = (path: string, bytes: number, inodes: number, uid: number) => {
    const size = `size=${bytes},nr_inodes=${inodes},mode=0700,uid=${uid},gid=${uid}`;
    return run("mount", ["-t", "tmpfs", "-o", `nosuid,nodev,${size}`, "paddock", path]);
  };
  const inodes = limits.workspaceInodesMax;
  await Promise.all([
    tmpfs(scratch.workspace, limits.workspaceBytes, inodes, supervisorUid),
    tmpfs(scratch.tmp, limits.tmpBytes, inodes, sandboxUid),
  ]);
}

/** Everything below belongs to `uid` then; links are not followed. No stranger may be running. */
export async function giveTo(uid: number, folder: string): Promise<void> {
  await run("chown", ["-hR", `${uid}:${uid}`, folder]);
}

/** Whether a file system of its own holds nothing but its root; nothing in it is opened. */
export function isEmpty(mount: string): boolean {
  const { files, ffree } = statfsSync(mount);
  return files - ffree <= 1;
}

/** Unmounts and removes all of it; safe to repeat. */
export async function removeScratch(settings: LauncherSettings): Promise<void> {
  for (const name of ["workspace", "tmp", "runtime/bin/node"]) {
    // Not mounted is as good.
    await run("umount", ["--lazy", join(settings.scratch, name)]).catch(() => undefined);
  }
  rmSync(settings.scratch, { recursive: true, force: true });
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
