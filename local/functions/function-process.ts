import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { eachLine } from "../run/lines.ts";
import { until } from "../run/until.ts";
import { boundCommand } from "./bound-command.ts";
import { type LogFile, openLogFile } from "./log-file.ts";

export interface FunctionProcessOptions {
  readonly name: string;
  readonly bundle: string;
  readonly port: number;
  /** All of it: nothing of this process's own environment reaches the function. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Told in one sentence when it crashed, and when it is back. */
  readonly onNotice: (sentence: string) => void;
}

/** One function: its process, and the next one when that crashes. */
export interface FunctionProcess {
  readonly port: number;
  /** Whether it listens now. */
  isUp(): boolean;
  /** Resolves when it listens. @throws {Error} with its last words if it can't start. */
  start(): Promise<void>;
  /** SIGKILL: a crash as far as anyone can tell. It comes back by itself. */
  kill(): void;
  /** Ends it in order and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const startWithinMs = 20_000;
const stopWithinMs = 5_000;
const lastWordsMax = 12;
const backoff = { firstMs: 200, mostMs: 10_000, forgottenAfterMs: 30_000 };

export function functionProcess(options: FunctionProcessOptions): FunctionProcess {
  const { name, port, onNotice } = options;
  let child: ChildProcess | undefined;
  let up = false;
  let wanted = false;
  let crashes = 0;
  let log: LogFile | undefined;

  async function start(): Promise<void> {
    wanted = true;
    log ??= openLogFile(options.logFile);
    const lastWords: string[] = [];
    const started = launch(options, log, lastWords);
    child = started;
    started.once("exit", () => {
      if (child === started) up = false;
    });
    const listening = await until(
      async () => ended(started) || (await accepts(port)),
      startWithinMs,
    );
    if (!listening || ended(started)) {
      started.kill("SIGKILL");
      throw new Error(`The function ${name} doesn't start:\n${lastWords.join("\n")}`);
    }
    up = true;
    const startedAtMs = performance.now();
    started.once("exit", (code, signal) => {
      if (child !== started || !wanted) return;
      if (performance.now() - startedAtMs > backoff.forgottenAfterMs) crashes = 0;
      void comeBack(signal ?? `code ${code}`);
    });
  }

  async function comeBack(how: string): Promise<void> {
    for (let reason = how; wanted; reason = "no port open") {
      const delayMs = Math.min(backoff.firstMs * 2 ** crashes, backoff.mostMs);
      crashes += 1;
      onNotice(`The function ${name} ended with ${reason}; it starts again in ${delayMs} ms.`);
      await wait(delayMs);
      const failure = wanted && (await start().catch((thrown: unknown) => String(thrown)));
      if (failure === undefined) return onNotice(`The function ${name} is back.`);
      if (failure) onNotice(failure);
    }
  }

  async function halt(): Promise<void> {
    wanted = false;
    up = false;
    if (!child || ended(child)) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child?.kill("SIGKILL"), stopWithinMs);
    await gone;
    clearTimeout(late);
  }

  return {
    port,
    isUp: () => up,
    start,
    kill() {
      up = false;
      child?.kill("SIGKILL");
    },
    async restart() {
      await halt();
      await start();
    },
    async stop() {
      await halt();
      await log?.close();
      log = undefined;
    },
  };
}

function launch(options: FunctionProcessOptions, log: LogFile, lastWords: string[]): ChildProcess {
  const node = [process.execPath, "--enable-source-maps", options.bundle];
  const { file, args } = boundCommand(node);
  const child = spawn(file, args, {
    env: options.environment,
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C in a terminal reaches a process group: functions end in order, by us.
    detached: true,
  });
  const take = (severity: string) => (line: string) => {
    lastWords.push(line);
    if (lastWords.length > lastWordsMax) lastWords.shift();
    // Cloud Logging, too, takes a line of JSON as an entry and wraps any other.
    log.append(line.startsWith("{") ? line : JSON.stringify({ severity, message: line }));
  };
  void eachLine(child.stdout, take("DEFAULT"));
  void eachLine(child.stderr, take("ERROR"));
  child.once("error", (failure) => lastWords.push(failure.message));
  return child;
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
}
