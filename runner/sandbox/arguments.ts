/** The sandbox as a list of arguments. Pure: a plan in, a list out; the launcher runs it. */

import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import { resultsDescriptor, systemCallAttempts } from "../init/system-calls.ts";
import { etcFileNames, hostname } from "./etc-files.ts";
import { procFileNames } from "./proc-files.ts";

/** File descriptors the first process is started with. */
export const descriptors = { supervisor: 3, seccomp: 4, info: 5 } as const;

/** Paths inside. */
export const inside = {
  workspace: "/workspace",
  tmp: "/tmp",
  runtime: "/opt/paddock",
  node: "/opt/paddock/bin/node",
} as const;

/** Below the runtime, on both sides: what the supervisor adds for programs inside to trust. */
export const trustFolder = "init/trust";

/** What the sandbox finds in its environment before anything is named for it. */
export const baseEnvironment: Readonly<Record<string, string>> = {
  PATH: "/opt/paddock/bin:/usr/local/bin:/usr/bin:/bin",
  // Not the workspace: caches and histories of tools would be saved with it.
  HOME: inside.tmp,
  // As in /etc/passwd.
  USER: "agent",
  LOGNAME: "agent",
  SHELL: "/bin/bash",
  LANG: "C.UTF-8",
  // What is printed is kept as text: nothing that moves a cursor or draws.
  TERM: "dumb",
  TMPDIR: inside.tmp,
};

export interface SandboxPlan {
  readonly mode: SandboxMode;
  readonly uid: number;
  /** Host folders that become `/workspace` and `/tmp`; both sized file systems of their own. */
  readonly workspace: string;
  readonly tmp: string;
  /** Host folder: `init/` for `/opt/paddock`, `etc/*`, `proc/*` and `sys`. */
  readonly runtime: string;
  /** Host file, which the sandbox's uid can read. */
  readonly node: string;
  /**
   * Host folder: `usr`, `etc`, `dev` and `pts` of this execution alone, for what the host has below
   * `/`. Null where nobody shares the host's: see `file-systems.ts`.
   */
  readonly system: string | null;
  /** The init's file, below `init/`. */
  readonly initFile: string;
  readonly host: HostFacts;
  readonly sharedMemoryBytes: number;
  readonly openFilesMax: number;
  readonly fileBytesMax: number;
  /** For where no control group counts processes; null where one does. */
  readonly processesMax: number | null;
}

/** What differs between hosts, and can't be named when it isn't there. */
export interface HostFacts {
  /** `/bin` → `usr/bin` and the like, as far as the host has them. */
  readonly usrLinks: readonly { readonly path: string; readonly target: string }[];
  /** Read-only parts of the host's `/etc`, below it, that programs of `/usr` can't do without. */
  readonly etcNames: readonly string[];
  /** Of `maskedProcFiles`, those the kernel offers. */
  readonly procFiles: readonly string[];
  /** Of `readOnlyProcFolders`, those the kernel offers. */
  readonly procFolders: readonly string[];
}

/**
 * Files of the host's kernel no execution needs: most of the first are root's, but that's the
 * second wall; the others count what everybody on the machine does.
 */
export const maskedProcFiles = [
  "/proc/kcore",
  "/proc/keys",
  "/proc/key-users",
  "/proc/kmsg",
  "/proc/kallsyms",
  "/proc/kpagecount",
  "/proc/kpageflags",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/slabinfo",
  "/proc/sysrq-trigger",
  "/proc/timer_list",
  "/proc/vmallocinfo",
  "/proc/buddyinfo",
  "/proc/diskstats",
  "/proc/interrupts",
  "/proc/locks",
  "/proc/pagetypeinfo",
  "/proc/pressure/cpu",
  "/proc/pressure/io",
  "/proc/pressure/irq",
  "/proc/pressure/memory",
  "/proc/schedstat",
  "/proc/softirqs",
  "/proc/vmstat",
  "/proc/zoneinfo",
  "/proc/sys/fs/dentry-state",
  "/proc/sys/fs/file-nr",
  "/proc/sys/fs/inode-nr",
  "/proc/sys/fs/inode-state",
  "/proc/sys/kernel/pty/nr",
];
export const readOnlyProcFolders = ["/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs"];

/** Device nodes that bubblewrap binds from the host, in its order. */
const deviceNames = ["null", "zero", "full", "random", "urandom", "tty"];

/** The whole command line, from root on the host to the init inside. */
export function sandboxCommand(plan: SandboxPlan): string[] {
  // One byte means "to nobody"; with 0 a crash still goes to the machine's own handler, if it has
  // one. Processes are counted per uid, and this uid is this execution's alone.
  const counted = plan.processesMax === null ? [] : [`--nproc=${plan.processesMax}`];
  const limited = ["prlimit", "--core=1", ...counted];
  const user = ["--reuid", `${plan.uid}`, "--regid", `${plan.uid}`, "--clear-groups"];
  const first = ["/bin/sh", "-c", firstProcess(plan)];
  const bwrap = ["bwrap", ...bubblewrapArguments(plan), "--"];
  if (plan.mode === "userns") return [...limited, "setpriv", ...user, ...bwrap, ...first];
  // No parent-death signal: bubblewrap, without a capability, may not send one to another uid. The
  // first process ends with the init, with the launcher's kill, and with the container.
  const bare = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];
  return [...limited, ...bwrap, "/usr/bin/setpriv", ...user, ...bare, ...first];
}

export function bubblewrapArguments(plan: SandboxPlan): string[] {
  return [
    ...namespaces(plan.mode),
    ...["--die-with-parent", "--new-session", "--as-pid-1", "--clearenv"],
    ...Object.entries(baseEnvironment).flatMap(([key, value]) => ["--setenv", key, value]),
    ...system(plan),
    ...kernelViews(plan),
    ...["--bind", plan.workspace, inside.workspace, "--bind", plan.tmp, inside.tmp],
    ...["--seccomp", `${descriptors.seccomp}`, "--info-fd", `${descriptors.info}`],
    ...["--remount-ro", "/"],
  ];
}

function namespaces(mode: SandboxMode): string[] {
  const each = ["ipc", "pid", "net", "uts", "cgroup"].map((name) => `--unshare-${name}`);
  const named = ["--hostname", hostname];
  if (mode === "userns") {
    return ["--unshare-user", "--disable-userns", ...each, ...named, "--cap-drop", "ALL"];
  }
  const needed = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"];
  return [...each, ...named, "--cap-drop", "ALL", ...needed.flatMap((cap) => ["--cap-add", cap])];
}

/** Where the host's `path` is bound from. */
function sourceOf({ system }: SandboxPlan, path: string): string {
  return system === null ? path : `${system}${path}`;
}

function system(plan: SandboxPlan): string[] {
  const { host, runtime, node } = plan;
  return [
    // With their parents; folders that a bind makes by the way would be their maker's alone.
    ...["--dir", "/etc/ssl", "--dir", `${inside.runtime}/bin`],
    ...["--ro-bind", sourceOf(plan, "/usr"), "/usr"],
    ...host.usrLinks.flatMap(({ path, target }) => ["--symlink", target, path]),
    ...host.etcNames.flatMap((name) => {
      const path = `/etc/${name}`;
      return ["--ro-bind", sourceOf(plan, path), path];
    }),
    ...etcFileNames.flatMap((name) => ["--ro-bind", `${runtime}/etc/${name}`, `/etc/${name}`]),
    ...["--symlink", "../usr/lib/os-release", "/etc/os-release"],
    ...["--ro-bind", node, inside.node],
    ...["--ro-bind", `${runtime}/init`, `${inside.runtime}/init`],
    ...["--ro-bind", `${runtime}/sys`, "/sys"],
    ...["--dir", "/run", "--dir", "/var", "--symlink", "/tmp", "/var/tmp"],
  ];
}

function kernelViews(plan: SandboxPlan): string[] {
  const { host, runtime, system, sharedMemoryBytes } = plan;
  const nothing = sourceOf(plan, "/dev/null");
  // Over bubblewrap's own, which are the host's nodes, and a devpts that knows no limit.
  const ownDevices = deviceNames.map((name) => [`${system}/dev/${name}`, `/dev/${name}`]);
  const devices = system === null ? [] : [...ownDevices, [`${system}/pts`, "/dev/pts"]];
  return [
    ...["--proc", "/proc"],
    ...host.procFolders.flatMap((path) => ["--ro-bind", path, path]),
    ...procFileNames.flatMap((name) => ["--ro-bind", `${runtime}/proc/${name}`, `/proc/${name}`]),
    ...host.procFiles.flatMap((path) => ["--ro-bind", nothing, path]),
    ...["--dev", "/dev"],
    ...devices.flatMap((pair) => ["--dev-bind", ...pair]),
    ...["--perms", "1777", "--size", `${sharedMemoryBytes}`, "--tmpfs", "/dev/shm"],
    ...["--remount-ro", "/dev"],
  ];
}

const blockBytes = 512;

/**
 * Process 1: a shell, because it reaps the orphans it adopts and Node would not. When the init
 * ends, everything does. Limits set here are hard: nothing inside can raise them.
 */
function firstProcess({ initFile, openFilesMax, fileBytesMax }: SandboxPlan): string {
  const { supervisor, seccomp, info } = descriptors;
  const fileBlocksMax = Math.floor(fileBytesMax / blockBytes);
  const init = `${inside.node} ${inside.runtime}/init/${initFile}`;
  return [
    `exec ${seccomp}<&- ${info}>&-`,
    // Not bubblewrap's part: in mode setpriv it may not enter another user's folder.
    `cd ${inside.workspace} || exit 125`,
    `ulimit -n ${openFilesMax} && ulimit -f ${fileBlocksMax} || exit 125`,
    `${systemCallAttempts()} </dev/null ${supervisor}<&- |`,
    `${init} ${resultsDescriptor}<&0 <&${supervisor} ${supervisor}<&- &`,
    `exec ${supervisor}<&-`,
    "wait $!",
  ].join("\n");
}
