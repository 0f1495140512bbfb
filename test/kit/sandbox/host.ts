/** Replaces a job's host: a container for each execution, which is removed after it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import type { ClaimReply } from "#shared/protocol/runner";
import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import { findHierarchy } from "../../../runner/launcher/cgroup.ts";
import { FakeGateway, ticket } from "./gateway.ts";
import { runnerPrograms } from "./programs.ts";

const logLengthMax = 20_000;
/** Descriptors that Node itself closes for its children: the lowest few. */
const unused = Array.from({ length: 60 }, () => "ignore" as const);
/** A runner's own mounts and processes. It ends with a test that is killed, as with its host. */
const container = "--pdeathsig KILL -- unshare --mount --propagation private --pid --mount-proc"
  .concat(" --fork --kill-child --")
  .split(" ");
let uidNext = 1_900_000_000 + (process.pid % 50_000) * 100;

export interface Run {
  readonly gateway: FakeGateway;
  readonly host: Host;
  readonly exitCode: number | null;
  /** What was left of it on this machine when it had ended, in words. */
  readonly leftovers: string[];
  /** Milliseconds from the launcher's spawn to the first event with output. */
  readonly firstOutputMs: number;
}

export interface Host {
  readonly process: ChildProcess;
  readonly scratch: string;
  readonly uids: { readonly supervisor: number; readonly sandbox: number };
  readonly startedAtMs: number;
  log(): string;
  /** Sends a signal to one of the execution's processes, found by its uid and command line. */
  kill(signal: NodeJS.Signals, who: "launcher" | "supervisor"): void;
  /** The process ids of the launcher and the supervisor while they run. */
  pids(): number[];
  /** What is left of it on this machine, in words. */
  leftovers(): string[];
  /** Removes what a host removes in the end: an empty group, an unmounted folder. */
  clean(): void;
}

export interface HostOptions {
  readonly mode: SandboxMode;
  readonly address: string;
  readonly program?: string | undefined;
  /** Added to the job's environment. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

export async function startHost({
  mode,
  address,
  program,
  environment,
}: HostOptions): Promise<Host> {
  const launcher = program ?? join(await runnerPrograms(), "launcher.cjs");
  const uids = { supervisor: uidNext, sandbox: uidNext + 1 };
  uidNext += 2;
  const name = `runner-test-${uids.supervisor}`;
  const scratch = `/run/${name}`;
  mkdirSync(scratch, { mode: 0o700 });
  const groups = cgroupFolders(name);
  for (const group of groups) mkdirSync(group);
  const startedAtMs = performance.now();
  const child = spawn("setpriv", [...container, process.execPath, launcher], {
    // The last one is left open as by a careless host; the sandbox must not inherit it.
    stdio: ["ignore", "pipe", "pipe", ...unused, openSync("/dev/null", "r")],
    env: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      GCE_METADATA_HOST: address,
      PADDOCK_EXECUTION_ID: "exec_test",
      PADDOCK_TICKET: ticket,
      PADDOCK_GATEWAY_URL: `http://${address}`,
      PADDOCK_GATEWAY_AUDIENCE: "https://gateway.test",
      PADDOCK_SCRATCH: scratch,
      PADDOCK_UIDS: `${uids.supervisor}:${uids.sandbox}`,
      PADDOCK_CGROUP: name,
      PADDOCK_SANDBOX_MODE: mode,
      ...environment,
    },
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString("utf8")).slice(-logLengthMax);
    });
  }
  return {
    process: child,
    scratch,
    uids,
    startedAtMs,
    log: () => log,
    kill: (signal, who) => {
      send(signal, who === "launcher" ? childOf(child.pid ?? 0) : processesOf(uids.supervisor)[0]);
    },
    pids: () => programsOf(child, uids),
    leftovers: () => leftovers({ scratch, groups, uids }),
    clean: () => {
      for (const group of groups.flatMap((folder) => [join(folder, "sandbox"), folder])) {
        if (existsSync(group)) rmdirSync(group);
      }
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** Runs one execution to its end, in its own container. */
export async function execute(
  claim: ClaimReply,
  mode: SandboxMode,
  options: {
    readonly prepare?: (gateway: FakeGateway) => void;
    readonly during?: (gateway: FakeGateway, host: Host) => Promise<void>;
    readonly program?: string;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<Run> {
  const gateway = new FakeGateway();
  const address = await gateway.listen();
  gateway.claim = claim;
  options.prepare?.(gateway);
  const { program, environment } = options;
  const host = await startHost({ mode, address, program, environment });
  const exited = once(host.process, "exit");
  try {
    await options.during?.(gateway, host);
    const [exitCode] = await exited;
    const first = gateway.events.find(({ item }) => item.type === "text");
    const firstOutputMs = (first?.heardAtMs ?? Number.NaN) - host.startedAtMs;
    return { gateway, host, exitCode, leftovers: host.leftovers(), firstOutputMs };
  } finally {
    host.process.kill("SIGKILL");
    await exited;
    host.clean();
    gateway.close();
  }
}

function send(signal: NodeJS.Signals, pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // It ended by itself in between.
  }
}

function cgroupFolders(name: string): string[] {
  const { parents } = findHierarchy("", name, "/sys/fs/cgroup");
  return [...new Set(Object.values(parents))];
}

function leftovers(host: { scratch: string; groups: string[]; uids: Host["uids"] }): string[] {
  const left: string[] = [];
  for (const uid of Object.values(host.uids)) {
    for (const pid of processesOf(uid)) left.push(`process ${pid} of uid ${uid}`);
  }
  for (const group of host.groups) {
    if (!existsSync(group)) continue;
    if (existsSync(join(group, "sandbox"))) left.push(`cgroup ${group}/sandbox`);
  }
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  if (mounts.includes(host.scratch)) left.push(`mount below ${host.scratch}`);
  if (existsSync(host.scratch))
    left.push(...readdirSync(host.scratch).map((name) => `file ${name}`));
  return left;
}

/** Living processes of a uid; zombies don't count. */
export function processesOf(uid: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const owner = /^Uid:\s+(\d+)/m.exec(status)?.[1];
      return Number(owner) === uid && !/^State:\s+[ZX]/m.test(status);
    } catch {
      return false;
    }
  });
}

function programsOf({ pid = 0 }: ChildProcess, uids: Host["uids"]): number[] {
  return [childOf(pid), processesOf(uids.supervisor)[0]].flatMap((found) => found ?? []);
}

function childOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return children[0] === "" ? undefined : Number(children[0]);
}
