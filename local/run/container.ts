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
  /** All of it: nothing of this process's own environment reaches the container. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Files the first process writes its id to before it starts anything: see `Cgroup`. */
  readonly entryFiles: readonly string[];
  readonly timeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly logFile: string;
  readonly logBytesMax: number;
  readonly onLine?: ((stream: "stdout" | "stderr", line: string) => void) | undefined;
}

/** How a container ended, as a task's last attempt tells it. */
export interface ContainerEnd {
  readonly exitCode: number;
  /** The number of the signal that ended it; 0 when it exited by itself. */
  readonly termSignal: number;
  readonly timedOut: boolean;
}

export interface Container {
  /** Asks its first process to end, and kills everything after the grace. Safe to call twice. */
  stop(): void;
  readonly ended: Promise<ContainerEnd>;
}

/**
 * The chain that dies with us, however we die: `setpriv` has the kernel kill `unshare` with us,
 * `--kill-child` has it kill the container's first process with `unshare`, and as that one is PID 1
 * of its own PID namespace, everything else goes with it, daemons too. Without `--pid` a process
 * that leaves its session survives. The stub compares its parent to ours: had we died before
 * `setpriv` armed the signal, nothing would kill it.
 */
const stub = `
[ "$PPID" = "$1" ] || exit 125
shift
while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done
shift
unset PWD OLDPWD SHLVL
exec unshare --mount --propagation private --pid --mount-proc --fork --kill-child -- "$@"`;

const logsWithinMs = 1_000;

/** Starts `spec.command` as the first process of a container of its own. */
export function startContainer(spec: ContainerSpec): Container {
  const stubArguments = [String(process.pid), ...spec.entryFiles, "--", ...spec.command];
  const child = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", "--", "/bin/sh", "-c", stub, "container", ...stubArguments],
    {
      cwd: spec.workingDirectory,
      env: spec.environment,
      stdio: ["ignore", "pipe", "pipe"],
      // Ctrl-C in a terminal reaches a process group: containers end in order, by us.
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
    // A writer that outlived its container must not hold up the clean-up that ends it.
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

/** SIGTERM to the container's first process, SIGKILL to all of it when the grace is over. */
async function terminate(child: ChildProcess, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const first = await firstProcess(child, () => ended() || performance.now() > deadline);
  if (first !== null) killProcess(first, "SIGTERM");
  await pollUntil(ended, deadline - performance.now());
  if (!ended()) child.kill("SIGKILL");
}

/**
 * The container's PID 1 as seen from here, once it handles SIGTERM: the kernel drops a signal that
 * PID 1 has no handler for, so one sent during its first milliseconds would be lost.
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
