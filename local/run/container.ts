import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { constants } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { killProcess } from "../../runner/launcher/kill-process.ts";
import { pollUntil } from "../lib/poll-until.ts";
import { copyLines } from "./container-log.ts";

export interface ContainerSpec {
  readonly command: readonly string[];
  /** The complete environment; nothing of this process's own reaches the container. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Files that the first process writes its id into before it starts anything: see `Cgroup`. */
  readonly entryFiles: readonly string[];
  readonly timeoutMs: number;
  /** The time between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly logFile: string;
  readonly logBytesMax: number;
  readonly onLine?: ((stream: "stdout" | "stderr", line: string) => void) | undefined;
}

/** How a container ended, as its task's last attempt reports it. */
export interface ContainerEnd {
  readonly exitCode: number;
  /** The number of the signal that ended it; 0 if it exited by itself. */
  readonly termSignal: number;
  readonly timedOut: boolean;
}

export interface Container {
  /**
   * Asks its first process to end, and kills everything after the grace period. Safe to call twice.
   */
  stop(): void;
  readonly ended: Promise<ContainerEnd>;
}

/**
 * A chain that dies with us, however we die: `setpriv` makes the kernel kill `unshare` with us;
 * `--kill-child` makes it kill the container's first process with `unshare`; and since that is PID
 * 1 of its own PID namespace, everything else dies with it, daemons too. Without `--pid`, a process
 * that leaves its session would survive. The stub compares its parent with us: if we died before
 * `setpriv` set the signal, nothing would kill it.
 */
const stub = `
[ "$PPID" = "$1" ] || exit 125
shift
while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done
shift
unset PWD OLDPWD SHLVL
exec unshare --mount --propagation private --pid --mount-proc --fork --kill-child -- "$@"`;

const logsWithinMs = 1_000;

/** Starts `spec.command` as the first process of a new container. */
export function startContainer(spec: ContainerSpec): Container {
  const stubArguments = [String(process.pid), ...spec.entryFiles, "--", ...spec.command];
  const child = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", "--", "/bin/sh", "-c", stub, "container", ...stubArguments],
    {
      cwd: spec.workingDirectory,
      env: spec.environment,
      stdio: ["ignore", "pipe", "pipe"],
      // Ctrl-C in a terminal reaches the process group, but we end containers in order.
      detached: true,
    },
  );
  const logged = copyLines(child, spec);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void terminate(child, spec.graceMs);
  };
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, spec.timeoutMs);
  const ended = endOf(child).then(async (end) => {
    clearTimeout(timer);
    // A writer that outlived its container mustn't delay the clean-up that ends it.
    await Promise.race([logged, wait(logsWithinMs, undefined, { ref: false })]);
    return { ...end, timedOut };
  });
  return { stop, ended };
}

async function endOf(child: ChildProcess): Promise<Omit<ContainerEnd, "timedOut">> {
  const failed = once(child, "error").then(() => ({ exitCode: 125, termSignal: 0 }));
  const closed = new Promise<Omit<ContainerEnd, "timedOut">>((resolve) => {
    child.once("exit", (code, signal) =>
      resolve({ exitCode: code ?? 0, termSignal: signal ? constants.signals[signal] : 0 }),
    );
  });
  return Promise.race([failed, closed]);
}

/** Sends SIGTERM to the first process, and SIGKILL to all of them after the grace period. */
async function terminate(child: ChildProcess, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const first = await firstProcess(child, () => ended() || performance.now() > deadline);
  if (first !== null) killProcess(first, "SIGTERM");
  await pollUntil(ended, deadline - performance.now());
  if (!ended()) child.kill("SIGKILL");
}

/**
 * The container's PID 1 in our namespace, once it handles SIGTERM. The kernel drops a signal that
 * PID 1 has no handler for, so one that is sent in its first milliseconds would be lost.
 */
async function firstProcess(child: ChildProcess, giveUp: () => boolean): Promise<number | null> {
  let found: number | null = null;
  await pollUntil(async () => {
    const children = `/proc/${child.pid}/task/${child.pid}/children`;
    const pid = Number.parseInt(await readFile(children, "utf8").catch(() => ""), 10);
    if (Number.isInteger(pid) && (await handlesTermination(pid))) found = pid;
    return found !== null || giveUp();
  }, Number.POSITIVE_INFINITY);
  return found;
}

async function handlesTermination(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const caught = BigInt(`0x${/^SigCgt:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return ((caught >> BigInt(constants.signals.SIGTERM - 1)) & 1n) === 1n;
}
