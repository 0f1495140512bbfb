/** Starts the sandbox's command line, and makes sure that it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { describeError } from "#shared/core/describe-error";
import { Fault } from "#shared/core/fault";
import type { SandboxCgroup } from "./cgroup.ts";
import { killProcess } from "./kill-process.ts";

/** Where the chain's programs are found; they get nothing else of our environment. */
const systemPath = "/usr/sbin:/usr/bin:/sbin:/bin";
const diagnosticsLengthMax = 2_000;
const startTimeoutMs = 10_000;
const endTimeoutMs = 5_000;

/** Joins the group, volunteers to be killed for memory, then executes the command. */
const joinGroup = `
while [ "$1" != -- ]; do echo $$ >"$1" || exit 125; shift; done
shift
echo 0 >/proc/self/oom_score_adj
exec "$@"`;

export interface Sandbox {
  /** The sandbox's first process, in our pid namespace. */
  readonly pid: number;
  stop(): Promise<void>;
  diagnostics(): string;
}

export interface SandboxStart {
  /** The whole command line, as `sandboxCommand` builds it. */
  readonly command: readonly string[];
  readonly socket: string;
  readonly filter: string;
  readonly cgroup: SandboxCgroup | null;
}

/** @throws {Error} If it doesn't start; nothing of it is left then. */
export async function startSandbox(start: SandboxStart): Promise<Sandbox> {
  const socket = connect(start.socket);
  await once(socket, "connect");
  const filter = openSync(start.filter, "r");
  const entries = start.cgroup?.entryFiles ?? [];
  const child = spawn("/bin/sh", ["-c", joinGroup, "sh", ...entries, "--", ...start.command], {
    stdio: ["ignore", "pipe", "pipe", socket, filter, "pipe"],
    env: { PATH: systemPath },
  });
  closeSync(filter);
  const diagnostics = collect(child);
  const ended = once(child, "close");
  release(socket);
  let pid: number | undefined;
  const stop = () => end({ child, pid, cgroup: start.cgroup, ended });
  try {
    pid = await firstProcess(child);
    return { pid, stop, diagnostics };
  } catch (error) {
    await stop();
    throw new Fault(`${describeError(error)} ${diagnostics()}`.trim());
  }
}

/** Closes our copy, which would keep the connection open after one of its ends is gone. */
function release(socket: Socket): void {
  socket.destroy();
}

interface Ending {
  readonly child: ChildProcess;
  readonly pid: number | undefined;
  readonly cgroup: SandboxCgroup | null;
  readonly ended: Promise<unknown>;
}

/** The first process takes its whole namespace with it; killing the group is the second way. */
async function end({ child, pid, cgroup, ended }: Ending): Promise<void> {
  if (pid !== undefined && child.exitCode === null) killProcess(pid);
  child.kill("SIGKILL");
  const killed = (await cgroup?.kill()) ?? true;
  const timeout = AbortSignal.timeout(endTimeoutMs);
  const late = once(timeout, "abort").then(() => "late");
  const outcome = await Promise.race([ended, late]);
  if (!killed || outcome === "late") throw new Fault("The sandbox doesn't end.");
}

/** Bubblewrap reports the child's id once the sandbox is built, before anything runs in it. */
function firstProcess(child: ChildProcess): Promise<number> {
  const info = readable(child, 5);
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Fault("Not started in time.")), startTimeoutMs);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Fault(`Ended with ${code} while starting.`)));
    info.on("data", (chunk: Buffer) => {
      text = (text + chunk.toString("utf8")).slice(0, 1_000);
      const pid = /"child-pid":\s*(\d+)/.exec(text)?.[1];
      if (pid === undefined) return;
      clearTimeout(timer);
      resolve(Number(pid));
    });
  });
}

/** Keeps the last output and goes on reading, because a full pipe would block the writer. */
function collect(child: ChildProcess): () => string {
  let tail = "";
  for (const index of [1, 2]) {
    readable(child, index).on("data", (chunk: Buffer) => {
      tail = (tail + chunk.toString("utf8")).slice(-diagnosticsLengthMax);
    });
  }
  return () => tail.trim();
}

function readable(child: ChildProcess, index: number): Readable {
  const stream = child.stdio[index];
  if (stream === null || stream === undefined || !("read" in stream)) throw new Fault("No pipe.");
  return stream;
}
