/** Proves from inside that the walls stand. A wall that can't be checked counts as missing. */
import { accessSync, constants, readdirSync, readFileSync, statfsSync } from "node:fs";
import { connect } from "node:net";
import { isInheritable } from "./descriptors.ts";
import type { ProbeReport } from "./messages.ts";
import { systemCallResults } from "./system-calls.ts";

const environmentAllowed = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "TERM",
  "TMPDIR",
  "PWD",
  "OLDPWD",
  "SHLVL",
  "_",
]);
const metadataAddress = "169.254.169.254";
/** "Unreachable" comes at once, or late on a starved machine; silence means there is a way out. */
const connectTimeoutMs = 3_000;

export async function probe(): Promise<ProbeReport> {
  const asked = tryMetadataServer();
  const calls = systemCallResults();
  const metadata = await asked;
  const status = parseStatus(readFileSync("/proc/self/status", "utf8"));
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  return {
    denials: {
      ...calls,
      "metadata-server": metadata,
      "root-user": process.getuid?.() !== 0 && process.geteuid?.() !== 0 ? true : "uid 0",
      groups: expect(status.get("Groups"), ["", `${process.getgid?.()}`]),
      capabilities: noCapabilities(status),
      "new-privileges": expect(status.get("NoNewPrivs"), ["1"]),
      "no-seccomp": expect(status.get("Seccomp"), ["2"]),
      "write-root": readOnly(mounts, "/"),
      "write-usr": readOnly(mounts, "/usr"),
      "write-dev": readOnly(mounts, "/dev"),
      "write-proc-sys": readOnly(mounts, "/proc/sys"),
      "write-etc": notWritable("/etc"),
      "see-other-processes": fewProcesses(),
      "network-interfaces": onlyLoopback(readFileSync("/proc/net/dev", "utf8")),
      "inherited-descriptors": noDescriptors(),
      "inherited-environment": cleanEnvironment(Object.keys(process.env)),
      "core-files": noCoreFiles(readFileSync("/proc/self/limits", "utf8")),
    },
    facts: facts(),
  };
}

function facts(): Record<string, number> {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const [workspace, tmp] = [statfsSync("/workspace"), statfsSync("/tmp")];
  return {
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
    workspaceBytes: workspace.blocks * workspace.bsize,
    workspaceInodesMax: workspace.files,
    tmpBytes: tmp.blocks * tmp.bsize,
    openFilesMax: hardLimit(limits, "Max open files"),
    fileBytesMax: hardLimit(limits, "Max file size"),
    processesMax: hardLimit(limits, "Max processes"),
  };
}

/** Parses `name  soft  hard  units` in columns; -1 for "unlimited". */
export function hardLimit(limits: string, name: string): number {
  const row = limits.split("\n").find((line) => line.startsWith(name));
  const hard = row?.slice(name.length).trim().split(/\s+/)[1] ?? "";
  return /^\d+$/.test(hard) ? Number(hard) : -1;
}

export function parseStatus(text: string): Map<string, string> {
  const rows = text.split("\n").map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return new Map(rows);
}

export function noCapabilities(status: Map<string, string>): true | string {
  const sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
  const held = sets.filter((name) => !/^0+$/.test(status.get(name) ?? ""));
  return held.length === 0 ? true : held.map((name) => `${name} ${status.get(name)}`).join(", ");
}

export function onlyLoopback(table: string): true | string {
  const names = table
    .split("\n")
    .slice(2)
    .flatMap((line) => line.split(":").slice(0, -1));
  const others = names.map((name) => name.trim()).filter((name) => name !== "lo");
  return others.length === 0 ? true : others.join(", ");
}

export function cleanEnvironment(names: readonly string[]): true | string {
  const others = names.filter((name) => !environmentAllowed.has(name));
  return others.length === 0 ? true : others.join(", ");
}

function expect(value: string | undefined, accepted: readonly string[]): true | string {
  return value !== undefined && accepted.includes(value) ? true : `${value}`;
}

/**
 * The limit must be exactly one byte. The kernel ignores 0 if the machine has a crash handler, and
 * treats 1 as "for nobody".
 */
export function noCoreFiles(limits: string): true | string {
  const bytesMax = hardLimit(limits, "Max core file size");
  return bytesMax === 1 ? true : `a limit of ${bytesMax} bytes`;
}

/** Checks for a read-only mount, not just another owner: `id parent device root path options …`. */
export function readOnly(mounts: string, path: string): true | string {
  const rows = mounts.split("\n").map((row) => row.split(" "));
  const options = rows.findLast((fields) => fields[4] === path)?.[5]?.split(",") ?? [];
  return options.includes("ro") ? notWritable(path) : `${path} isn't mounted read-only`;
}

function notWritable(path: string): true | string {
  try {
    accessSync(path, constants.W_OK);
    return `${path} is writable`;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    return code === "EROFS" || code === "EACCES" ? true : `${path}: ${code}`;
  }
}

/** Expects the shell, this init, and the process that it has just started. */
function fewProcesses(): true | string {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return process.ppid === 1 && processes.length <= 4 ? true : `${processes.length} processes`;
}

function noDescriptors(): true | string {
  const names = readdirSync("/proc/self/fd").filter((name) => Number(name) > 2);
  const open = names.filter(isInheritable);
  return open.length === 0 ? true : open.join(", ");
}

function tryMetadataServer(): Promise<true | string> {
  return new Promise((resolve) => {
    const socket = connect({ host: metadataAddress, port: 80 });
    const finish = (result: true | string) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(connectTimeoutMs, () => finish("no answer"));
    socket.once("connect", () => finish("connected"));
    socket.once("error", () => finish(true));
  });
}
