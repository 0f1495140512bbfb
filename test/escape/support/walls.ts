/** The sandbox's walls, each with a change that removes it. */
import type { Wall } from "./attempt.ts";

type WallRemoval = NonNullable<Wall["command"]>;

export const megabyte = 1024 * 1024;

/** The limits of every attempt; its bombs are one byte, file or process larger. */
export const cellLimits = {
  cpuMillis: 1_000,
  memoryBytes: 192 * megabyte,
  processesMax: 40,
  openFilesMax: 64,
  fileBytesMax: 4 * megabyte,
  workspaceBytes: 8 * megabyte,
  workspaceInodesMax: 200,
  tmpBytes: 8 * megabyte,
} as const;

export const walls = {
  seccomp: wall("the seccomp filter", without("--seccomp", 1)),
  noUserNamespaces: wall("no user namespaces inside", without("--disable-userns", 0)),
  network: wall("a network namespace", without("--unshare-net", 0)),
  processes: wall("a process namespace", (words) =>
    without("--as-pid-1", 0)(without("--unshare-pid", 0)(words)),
  ),
  ipc: wall("an IPC namespace", without("--unshare-ipc", 0)),
  uts: wall("a UTS namespace", (words) =>
    without("--hostname", 1)(without("--unshare-uts", 0)(words)),
  ),
  cgroupView: wall("a cgroup namespace", without("--unshare-cgroup", 0)),
  readOnlyRoot: wall("a read-only root", without("--remount-ro", 1, "/")),
  readOnlyDev: wall("a read-only /dev", without("--remount-ro", 1, "/dev")),
  readOnlySysctl: wall("a read-only /proc/sys", without("--ro-bind", 2, "/proc/sys")),
  readOnlyUsr: wall("a read-only /usr", (words) => bindWritable("/usr")(withSharedInodes(words))),
  ownInodes: wall("inodes of its own", withSharedInodes),
  countedTerminals: wall("counted terminals", (words) => {
    const at = words.indexOf("/dev/pts");
    return [...words.slice(0, at - 2), ...words.slice(at + 1)];
  }),
  readOnlyInit: wall("a read-only init", bindWritable("/opt/paddock/init")),
  ownDevices: wall("devices of its own", (words) =>
    replace(
      ["--dev", "/dev"],
      ["--dev-bind", "/dev", "/dev"],
    )(without("--remount-ro", 1, "/dev")(words)),
  ),
  maskedProc: wall("masked files of /proc", (words) =>
    words.filter((_, index) => !isMask(words, index)),
  ),
  guardedProc: wall("a guarded /proc", (words) =>
    replace(
      ["--proc", "/proc"],
      ["--bind", "/proc", "/proc"],
    )(without("--ro-bind", 2, "/proc/sys")(words)),
  ),
  onlyNamedPaths: wall("only named paths", replace(["--dir", "/run"], ["--bind", "/run", "/run"])),
  noKernelTree: wall(
    "no /sys",
    replace(["--dir", "/var"], ["--dir", "/var", "--bind", "/sys", "/sys"]),
  ),
  mountedEtc: wall("a mounted /etc", (words) => {
    const at = words.lastIndexOf("/etc") - 2;
    if (words[at] !== "--ro-bind") throw new Error("Nothing is bound at /etc.");
    return [...words.slice(0, at), "--dir", "/etc", ...words.slice(at + 3)];
  }),
  noResolver: wall("no resolver", (words) => {
    // A file that can't be read leaves the C library's defaults, which ask a resolver.
    const at = words.lastIndexOf("/etc") + 1;
    const hidden = ["--ro-bind", "/dev/null", "/etc/nsswitch.conf"];
    return [...words.slice(0, at), ...hidden, ...words.slice(at)];
  }),
  noNewPrivileges: wall("no_new_privs, nosuid: bubblewrap", handMade),
  emptyStart: wall("an empty start", (words) => ["env", "LEAKED=canary", ...words]),
  sizedSharedMemory: wall("a sized /dev/shm", without("--size", 1)),
  emptyEnvironment: wall("an empty environment", without("--clearenv", 0)),
  openFiles: wall("a limit of open files", (words) =>
    inFirstProcess(words, /ulimit -n \d+/, "ulimit -n 256"),
  ),
  fileSize: wall("a limit of file sizes", (words) =>
    inFirstProcess(words, /ulimit -f \d+/, "ulimit -f unlimited"),
  ),
  coreFiles: wall("no core files", (words) =>
    words.map((word) => (word === "--core=1" ? "--core=unlimited" : word)),
  ),
  unprivileged: wall("an unprivileged uid", keepRoot),
  memory: { name: "a memory group", limits: { memoryBytes: 2 * cellLimits.memoryBytes } },
  processCount: { name: "a process group", limits: { processesMax: 4 * cellLimits.processesMax } },
  workspaceSize: {
    name: "a sized workspace",
    limits: { workspaceBytes: 4 * cellLimits.workspaceBytes },
  },
  tmpSize: { name: "a sized /tmp", limits: { tmpBytes: 4 * cellLimits.tmpBytes } },
  inodes: {
    name: "counted inodes",
    limits: { workspaceInodesMax: 10 * cellLimits.workspaceInodesMax },
  },
  groupKill: { name: "the group's end", leavesGroup: true },
} as const satisfies Readonly<Record<string, Wall>>;

function wall(name: string, command: WallRemoval): Wall {
  return { name, command };
}

/** Removes an option and its `values` wherever it appears; with `first`, only for that value. */
function without(option: string, values: number, first?: string): WallRemoval {
  return (words) => {
    const kept: string[] = [];
    for (let index = 0; index < words.length; index += 1) {
      const word = words[index] ?? "";
      const isIt = word === option && (first === undefined || words[index + 1] === first);
      if (isIt) index += values;
      else kept.push(word);
    }
    if (kept.length === words.length) throw new Error(`There is no ${option} ${first ?? ""}.`);
    return kept;
  };
}

function replace(from: readonly string[], to: readonly string[]): WallRemoval {
  return (words) => {
    const at = words.findIndex((_, index) => from.every((word, i) => words[index + i] === word));
    if (at < 0) throw new Error(`There is no ${from.join(" ")}.`);
    return [...words.slice(0, at), ...to, ...words.slice(at + from.length)];
  };
}

function bindWritable(path: string): WallRemoval {
  return (words) => {
    const at = words.lastIndexOf(path) - 2;
    if (words[at] !== "--ro-bind") throw new Error(`Nothing is bound at ${path}.`);
    return words.with(at, "--bind");
  };
}

/** Binds all of the system directly, as if the machine had no other executions. */
function withSharedInodes(words: readonly string[]): string[] {
  const usr = words[words.lastIndexOf("/usr") - 1] ?? "";
  const system = usr.slice(0, -"/usr".length);
  if (system === "") throw new Error("/usr is the machine's already.");
  const node = words[words.indexOf("/opt/paddock/bin/node") - 1];
  return words.map((word) => {
    if (word === node) return process.execPath;
    if (word === `${system}/pts`) return "/dev/pts";
    return word.startsWith(`${system}/`) ? word.slice(system.length) : word;
  });
}

/** Whether `words[index]` is part of `--ro-bind …/dev/null PATH`. */
function isMask(words: readonly string[], index: number): boolean {
  return [0, 1, 2].some(
    (back) => words[index - back] === "--ro-bind" && words[index - back + 1]?.endsWith("/dev/null"),
  );
}

function inFirstProcess(words: readonly string[], from: RegExp, to: string): string[] {
  const script = words.at(-1) ?? "";
  if (!from.test(script)) throw new Error(`The first process has no ${from.source}.`);
  return [...words.slice(0, -1), script.replace(from, to)];
}

/** A: no `setpriv` before bubblewrap. B: none inside, and capabilities are kept. */
function keepRoot(words: readonly string[]): string[] {
  const from = words.indexOf(words[0] === "setpriv" ? "setpriv" : "/usr/bin/setpriv");
  const to = words.indexOf(words[0] === "setpriv" ? "bwrap" : "/bin/sh");
  const rest = [...words.slice(0, from), ...words.slice(to)];
  const at = rest.indexOf("--cap-drop");
  if (words[0] === "setpriv") return rest;
  const drop = rest.flatMap((word, index) => (word === "--cap-add" ? [index, index + 1] : []));
  return rest.filter((_, index) => index !== at && index !== at + 1 && !drop.includes(index));
}

/** A sandbox built without bubblewrap: the same folders, a change of root and of uid. */
function handMade(words: readonly string[]): string[] {
  const boundAt = (path: string) => words[words.lastIndexOf(path) - 1] ?? "";
  const runtime = boundAt("/opt/paddock/init").replace(/\/init$/, "");
  const uid = words[words.indexOf("--reuid") + 1] ?? "";
  const build = `set -e; root=${runtime}/../root; mkdir $root; mount -t tmpfs root $root
    for d in usr proc dev tmp workspace opt/paddock; do mkdir -p $root/$d; done
    for l in bin lib lib64; do ln -s usr/$l $root/$l; done
    mount --rbind /usr $root/usr; mount --rbind /proc $root/proc; mount --rbind /dev $root/dev
    mount --bind ${boundAt("/workspace")} $root/workspace; mount --bind ${boundAt("/tmp")} $root/tmp
    mount --rbind ${runtime} $root/opt/paddock; node=$root/opt/paddock/bin/node
    [ -e $node ] || { : >$node; mount --bind ${boundAt("/opt/paddock/bin/node")} $node; }
    echo '{"child-pid": '$$'}' >&5
    exec chroot $root setpriv --reuid ${uid} --regid ${uid} --clear-groups \
      env - PATH=/usr/bin:/bin /bin/sh -c "$1"`;
  return ["unshare", "--mount", "/bin/sh", "-c", build, "sh", words.at(-1) ?? ""];
}
