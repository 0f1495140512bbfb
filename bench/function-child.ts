/** A function in its own process, ours or a bare one; both are started the same way. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { freePorts } from "../local/functions/free-ports.ts";

export interface FunctionChild {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Time from its spawn to its first answer with the wanted status. */
  readonly firstAnswerMs: number;
  stop(): Promise<void>;
}

export interface FunctionStart {
  readonly bundle: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The request that is repeated until it is answered. */
  readonly first: { readonly path: string; readonly key?: string; readonly status: number };
}

const startMsMax = 30_000;
const stopMsMax = 5_000;
const pauseMs = 2;

/** @throws if it doesn't answer with that status in time. */
export async function startFunction(start: FunctionStart): Promise<FunctionChild> {
  const [port = 0] = await freePorts(1);
  const beganAt = performance.now();
  const child = spawn(process.execPath, [start.bundle], {
    env: { ...start.environment, PORT: String(port), PADDOCK_BIND: "127.0.0.1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const stop = () => end(child);
  const forget = () => child.kill("SIGKILL");
  process.once("exit", forget);
  child.once("exit", () => process.off("exit", forget));
  try {
    const firstAnswerMs = await firstAnswer(start.first, { port, child, beganAt });
    return { url: `http://127.0.0.1:${port}`, port, pid: child.pid ?? 0, firstAnswerMs, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function firstAnswer(
  first: FunctionStart["first"],
  child: { readonly port: number; readonly child: ChildProcess; readonly beganAt: number },
): Promise<number> {
  let last: number | null = null;
  while (performance.now() - child.beganAt < startMsMax && child.child.exitCode === null) {
    last = await statusOf(child.port, first);
    if (last === first.status) return performance.now() - child.beganAt;
    await wait(pauseMs);
  }
  const path = child.child.spawnargs.at(-1);
  throw new Error(`${path} answers ${first.path} with ${last}, not ${first.status}`);
}

/** Null while nothing listens. */
function statusOf(port: number, asked: FunctionStart["first"]): Promise<number | null> {
  const headers = asked.key === undefined ? {} : { authorization: `Bearer ${asked.key}` };
  const at = { host: "127.0.0.1", port, path: asked.path, headers, agent: false };
  return new Promise((resolve) => {
    const sent = request(at, (answer) => {
      answer.resume().once("close", () => resolve(answer.statusCode ?? null));
    });
    sent.once("error", () => resolve(null));
    sent.end();
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  // Ends in order, so that it keeps its compiled code for the next one.
  child.kill("SIGTERM");
  const killing = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
  await ended;
  clearTimeout(killing);
}

/** Resident memory in MB: the current amount and the peak. */
export function residentMb(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return { now: (kib("VmRSS") * 1024) / 1e6, most: (kib("VmHWM") * 1024) / 1e6 };
}

const tickMs = 10;

/** What a process has used of all cores, in milliseconds. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user = "", system = ""] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) * tickMs;
}
