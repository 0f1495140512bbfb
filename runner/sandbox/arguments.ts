/** The sandbox as a list of arguments. Pure: a plan in, a list out; the launcher runs it. */
import { resultsDescriptor, systemCallAttempts } from "../init/system-calls.ts";
import { etcFileNames } from "./etc-files.ts";

/** A: as the sandbox's own uid, in a user namespace. B: as root without one, uid dropped inside. */
export const sandboxModes = ["A", "B"] as const;
export type SandboxMode = (typeof sandboxModes)[number];

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
  LANG: "C.UTF-8",
  TMPDIR: inside.tmp,
};

export interface SandboxPlan {
  readonly mode: SandboxMode;
  readonly uid: number;
  /** Host folders that become `/workspace` and `/tmp`; both sized file systems of their own. */
  readonly workspace: string;
  readonly tmp: string;
  /** Host folder: `init/` for `/opt/paddock`, `etc/*` for `/etc`. */
  readonly runtime: string;
  /** Host file, which the sandbox's uid can read. */
  readonly node: string;
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
  /** Of `maskedProcFiles`, those the kernel offers. */
  readonly procFiles: readonly string[];
  /** Of `readOnlyProcFolders`, those the kernel offers. */
  readonly procFolders: readonly string[];
}

/** Files of the host's kernel no execution needs; most are root's, but that's the second wall. */
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
];
export const readOnlyProcFolders = ["/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs"];

/** Read-only parts of the host's `/etc` that programs of `/usr` can't do without. */
const hostEtc = ["ld.so.cache", "ssl/certs", "ssl/openssl.cnf", "alternatives", "localtime"];

/** The whole command line, from root on the host to the init inside. */
export function sandboxCommand(plan: SandboxPlan): string[] {
  // Counted per uid, and this uid is this execution's alone.
  const counted = plan.processesMax === null ? [] : ["prlimit", `--nproc=${plan.processesMax}`];
  const user = ["--reuid", `${plan.uid}`, "--regid", `${plan.uid}`, "--clear-groups"];
  const first = ["/bin/sh", "-c", firstProcess(plan)];
  const bwrap = ["bwrap", ...bubblewrapArguments(plan), "--"];
  if (plan.mode === "A") return [...counted, "setpriv", ...user, ...bwrap, ...first];
  // No parent-death signal: bubblewrap, without a capability, may not send one to another uid. The
  // first process ends with the init, with the launcher's kill, and with the container.
  const bare = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];
  return [...counted, ...bwrap, "/usr/bin/setpriv", ...user, ...bare, ...first];
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
  const hostname = ["--hostname", "paddock"];
  if (mode === "A") {
    return ["--unshare-user", "--disable-userns", ...each, ...hostname, "--cap-drop", "ALL"];
  }
  const needed = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"];
  return [
    ...each,
    ...hostname,
    "--cap-drop",
    "ALL",
    ...needed.flatMap((cap) => ["--cap-add", cap]),
  ];
}

function system({ host, runtime, node }: SandboxPlan): string[] {
  return [
    // With their parents; folders that a bind makes by the way would be their maker's alone.
    ...["--dir", "/etc/ssl", "--dir", `${inside.runtime}/bin`],
    ...["--ro-bind", "/usr", "/usr"],
    ...host.usrLinks.flatMap(({ path, target }) => ["--symlink", target, path]),
    ...hostEtc.flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
    ...etcFileNames.flatMap((name) => ["--ro-bind", `${runtime}/etc/${name}`, `/etc/${name}`]),
    ...["--symlink", "../usr/lib/os-release", "/etc/os-release"],
    ...["--ro-bind", node, inside.node],
    ...["--ro-bind", `${runtime}/init`, `${inside.runtime}/init`],
    ...["--dir", "/run", "--dir", "/var", "--symlink", "/tmp", "/var/tmp"],
  ];
}

function kernelViews({ host, sharedMemoryBytes }: SandboxPlan): string[] {
  return [
    ...["--proc", "/proc"],
    ...host.procFolders.flatMap((path) => ["--ro-bind", path, path]),
    ...host.procFiles.flatMap((path) => ["--ro-bind", "/dev/null", path]),
    ...["--dev", "/dev"],
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
    // Not bubblewrap's part: in mode B it may not enter another user's folder.
    `cd ${inside.workspace} || exit 125`,
    `ulimit -c 0 && ulimit -n ${openFilesMax} && ulimit -f ${fileBlocksMax} || exit 125`,
    `${systemCallAttempts()} </dev/null ${supervisor}<&- |`,
    `${init} ${resultsDescriptor}<&0 <&${supervisor} ${supervisor}<&- &`,
    `exec ${supervisor}<&-`,
    "wait $!",
  ].join("\n");
}
