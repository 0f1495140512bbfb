/** The sandbox as a list of arguments. Pure: the launcher runs the result. */
import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import { layerFolder, sandboxPath } from "#shared/protocol/sandbox-paths";
import { resultsDescriptor, systemCallAttempts } from "../init/system-calls.ts";
import { hostname } from "./etc-files.ts";
import { procFileNames } from "./proc-files.ts";

/** File descriptors that the first process starts with. */
export const descriptors = { supervisor: 3, seccomp: 4, info: 5 } as const;

/** Paths inside. */
export const inside = {
  workspace: "/workspace",
  tmp: "/tmp",
  runtime: "/opt/paddock",
  node: "/opt/paddock/bin/node",
} as const;

/** Below the runtime folder on both sides: certificates that programs inside should trust. */
export const trustFolder = "init/trust";
/** Skills, which programs inside can only read. */
export const skillsFolder = `${trustFolder}/skills`;

/** The sandbox's environment before an execution adds to it. */
export const baseEnvironment: Readonly<Record<string, string>> = {
  PATH: sandboxPath,
  // Outside of the workspace, because the caches and histories of tools would be saved with it.
  HOME: inside.tmp,
  // The name in /etc/passwd.
  USER: "agent",
  LOGNAME: "agent",
  SHELL: "/bin/bash",
  LANG: "C.UTF-8",
  // Output is kept as text, so programs shouldn't move a cursor or draw.
  TERM: "dumb",
  TMPDIR: inside.tmp,
};

export interface SandboxPlan {
  readonly mode: SandboxMode;
  readonly uid: number;
  /** Host folders for `/workspace` and `/tmp`; both are sized file systems. */
  readonly workspace: string;
  readonly tmp: string;
  /** The environment's layer, if there is one: the workspace itself while it is built. */
  readonly layer: { readonly folder: string; readonly isWritable: boolean } | null;
  /** Host folder: `init/` for `/opt/paddock`, `etc`, `proc/*` and `sys`. */
  readonly runtime: string;
  /** Host file that the sandbox's uid can read. */
  readonly node: string;
  /**
   * Host folder with this execution's own `usr`, `etc`, `dev` and `pts`. Null if no other execution
   * shares the host: see `file-systems.ts`.
   */
  readonly system: string | null;
  /** The init's file, below `init/`. */
  readonly initFile: string;
  readonly host: HostFacts;
  readonly sharedMemoryBytes: number;
  readonly openFilesMax: number;
  readonly fileBytesMax: number;
  /** Set if no control group counts processes; null otherwise. */
  readonly processesMax: number | null;
}

/** Facts that differ between hosts; arguments may only name what exists. */
export interface HostFacts {
  /** `/bin` → `usr/bin` and the like, as far as the host has them. */
  readonly usrLinks: readonly { readonly path: string; readonly target: string }[];
  /** Folders of the host's `/etc` that programs in `/usr` depend on; `runtime/etc` has places. */
  readonly etcFolders: readonly string[];
  /** Those of `maskedProcFiles` that the kernel has. */
  readonly procFiles: readonly string[];
  /** Those of `readOnlyProcFolders` that the kernel has. */
  readonly procFolders: readonly string[];
}

/**
 * Kernel files that no execution needs. Root owns most of the first ones, which is only a second
 * wall; the others count what everybody on the machine does.
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
  // A limit of one byte means "for nobody"; with 0 a crash would still go to the machine's crash
  // handler. Processes are counted per uid, and this uid belongs to this execution only.
  const counted = plan.processesMax === null ? [] : [`--nproc=${plan.processesMax}`];
  const limited = ["prlimit", "--core=1", ...counted];
  const user = ["--reuid", `${plan.uid}`, "--regid", `${plan.uid}`, "--clear-groups"];
  const first = ["/bin/sh", "-c", firstProcess(plan)];
  const bwrap = ["bwrap", ...bubblewrapArguments(plan), "--"];
  if (plan.mode === "userns") return [...limited, "setpriv", ...user, ...bwrap, ...first];
  // There is no parent-death signal, because bubblewrap without capabilities may not signal another
  // uid. The first process ends with the init, with the launcher's kill, and with the container.
  const bare = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];
  return [...limited, ...bwrap, "/usr/bin/setpriv", ...user, ...bare, ...first];
}

export function bubblewrapArguments(plan: SandboxPlan): string[] {
  return [
    ...namespaces(plan.mode),
    ...["--die-with-parent", "--new-session", "--as-pid-1", "--clearenv"],
    ...Object.entries(baseEnvironment).flatMap(([key, value]) => ["--setenv", key, value]),
    // Bubblewrap reads the table of all mounts after each one, so those that need no order of their
    // own come last.
    ...kernelViews(plan),
    ...system(plan),
    ...["--bind", plan.workspace, inside.workspace, "--bind", plan.tmp, inside.tmp],
    ...layerBind(plan.layer),
    ...["--seccomp", `${descriptors.seccomp}`, "--info-fd", `${descriptors.info}`],
    ...["--remount-ro", "/"],
  ];
}

function layerBind(layer: SandboxPlan["layer"]): string[] {
  if (layer === null) return [];
  return [layer.isWritable ? "--bind" : "--ro-bind", layer.folder, layerFolder];
}

/** The namespaces and capabilities of a sandbox, which the launcher also tries at its start. */
export function namespaces(mode: SandboxMode): string[] {
  const each = ["ipc", "pid", "net", "uts", "cgroup"].map((name) => `--unshare-${name}`);
  const named = ["--hostname", hostname];
  if (mode === "userns") {
    return ["--unshare-user", "--disable-userns", ...each, ...named, "--cap-drop", "ALL"];
  }
  const needed = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"];
  return [...each, ...named, "--cap-drop", "ALL", ...needed.flatMap((cap) => ["--cap-add", cap])];
}

/** The source that `path` is bound from. */
function sourceOf({ system }: SandboxPlan, path: string): string {
  return system === null ? path : `${system}${path}`;
}

function system(plan: SandboxPlan): string[] {
  const { host, runtime, node } = plan;
  return [
    // Creates parents as well; folders that a bind creates implicitly would be closed to others.
    ...["--dir", `${inside.runtime}/bin`],
    ...["--ro-bind", sourceOf(plan, "/usr"), "/usr"],
    ...host.usrLinks.flatMap(({ path, target }) => ["--symlink", target, path]),
    ...["--ro-bind", node, inside.node],
    ...["--ro-bind", `${runtime}/init`, `${inside.runtime}/init`],
    // Where npm looks for everybody's settings: beside the Node that runs it.
    ...["--dir", `${inside.runtime}/etc`, "--symlink", "/etc/npmrc", `${inside.runtime}/etc/npmrc`],
    ...["--ro-bind", `${runtime}/sys`, "/sys"],
    ...["--dir", "/run", "--dir", "/var", "--symlink", "/tmp", "/var/tmp"],
    ...["--ro-bind", `${runtime}/etc`, "/etc"],
    ...host.etcFolders.flatMap((name) => {
      const path = `/etc/${name}`;
      return ["--ro-bind", sourceOf(plan, path), path];
    }),
  ];
}

function kernelViews(plan: SandboxPlan): string[] {
  const { host, runtime, system, sharedMemoryBytes } = plan;
  const nothing = sourceOf(plan, "/dev/null");
  // Replaces bubblewrap's own, which are the host's nodes and an unlimited devpts.
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
/** What Linux has by default; the bound of an execution's variables relies on it. */
const stackKib = 8_192;

/**
 * Process 1 is a shell, because it reaps adopted orphans and Node would not. When the init ends,
 * everything does. Limits set here are hard, so nothing inside can raise them.
 */
function firstProcess({ initFile, openFilesMax, fileBytesMax }: SandboxPlan): string {
  const { supervisor, seccomp, info } = descriptors;
  const fileBlocksMax = Math.floor(fileBytesMax / blockBytes);
  const init = `${inside.node} ${inside.runtime}/init/${initFile}`;
  return [
    `exec ${seccomp}<&- ${info}>&-`,
    // Done here because in mode setpriv bubblewrap may not enter another user's folder.
    `cd ${inside.workspace} || exit 125`,
    `ulimit -n ${openFilesMax} && ulimit -f ${fileBlocksMax} || exit 125`,
    // The kernel gives a quarter of it to variables and arguments. A host may allow less.
    `ulimit -S -s ${stackKib} 2>/dev/null || true`,
    `${systemCallAttempts()} </dev/null ${supervisor}<&- |`,
    `${init} ${resultsDescriptor}<&0 <&${supervisor} ${supervisor}<&- &`,
    `exec ${supervisor}<&-`,
    "wait $!",
  ].join("\n");
}
