import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { pollUntil } from "../lib/poll-until.ts";
import { eachLine } from "../run/lines.ts";
import { boundCommand } from "./bound-command.ts";
import { listensItself } from "./listens-itself.ts";
import { type LogFile, openLogFile } from "./log-file.ts";

export interface FunctionProcessOptions {
  readonly name: string;
  readonly bundle: string;
  readonly port: number;
  /** The complete environment; nothing of this process's own reaches the function. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Told in a sentence when it has crashed, and when it is back. */
  readonly onNotice: (sentence: string) => void;
}

/**
 * The limit for a process that hangs; a cold machine that starts three clouds takes half a minute.
 */
const startWithinMs = 120_000;
const stopWithinMs = 5_000;
const outputTailLinesMax = 12;
const backoff = { firstMs: 200, mostMs: 10_000, forgottenAfterMs: 30_000 };

/** One function: its process, and the next one after a crash. */
export class FunctionProcess {
  readonly port: number;
  readonly #options: FunctionProcessOptions;
  #child: ChildProcess | undefined;
  #log: LogFile | undefined;
  #up = false;
  #wanted = false;
  #crashes = 0;

  constructor(options: FunctionProcessOptions) {
    this.#options = options;
    this.port = options.port;
  }

  /** Whether it listens now. */
  get isUp(): boolean {
    return this.#up;
  }

  /** Resolves when it listens. @throws {Error} with the end of its output if it can't start. */
  async start(): Promise<void> {
    this.#wanted = true;
    this.#log ??= openLogFile(this.#options.logFile);
    const outputTail: string[] = [];
    const child = launch(this.#options, this.#log, outputTail);
    this.#child = child;
    const listens = async () => ended(child) || listensItself(child.pid ?? 0, this.port);
    if (!(await pollUntil(listens, startWithinMs)) || ended(child)) {
      child.kill("SIGKILL");
      throw new Error(whyNot(this.#options, outputTail));
    }
    this.#up = true;
    const startedAtMs = performance.now();
    child.once("exit", (code, signal) => {
      if (performance.now() - startedAtMs > backoff.forgottenAfterMs) this.#crashes = 0;
      this.#up = false;
      if (this.#wanted) void this.#comeBack(signal ?? `code ${code}`);
    });
  }

  /** Sends SIGSTOP: it keeps its connections and sends nothing until it is resumed or killed. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Null while none runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /**
   * Sends SIGKILL, which looks like a crash, and resolves when the process is gone. It restarts by
   * itself, without a growing delay.
   */
  async kill(): Promise<void> {
    this.#crashes = 0;
    this.#up = false;
    const child = this.#child;
    if (!child || ended(child)) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** Ends it in order and starts it again. */
  async restart(): Promise<void> {
    await this.#halt();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#halt();
    await this.#log?.close();
    this.#log = undefined;
  }

  async #comeBack(how: string): Promise<void> {
    const { name, onNotice } = this.#options;
    for (let reason = how; this.#wanted; reason = "no port open") {
      const delayMs = Math.min(backoff.firstMs * 2 ** this.#crashes, backoff.mostMs);
      this.#crashes += 1;
      onNotice(`The function ${name} ended with ${reason}; it starts again in ${delayMs} ms.`);
      await wait(delayMs);
      if (!this.#wanted) return;
      const failure = await this.start().catch((thrown: unknown) => thrown);
      if (failure === undefined) return onNotice(`The function ${name} is back.`);
      onNotice(String(failure));
    }
  }

  async #halt(): Promise<void> {
    this.#wanted = false;
    this.#up = false;
    const child = this.#child;
    if (!child || ended(child)) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
    await gone;
    clearTimeout(late);
  }
}

function launch(options: FunctionProcessOptions, log: LogFile, outputTail: string[]): ChildProcess {
  const node = [process.execPath, options.bundle];
  const { file, args } = boundCommand(node);
  const child = spawn(file, args, {
    env: options.environment,
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C in a terminal reaches the process group, but we end functions in order.
    detached: true,
  });
  const take = (severity: string) => (line: string) => {
    outputTail.push(line);
    if (outputTail.length > outputTailLinesMax) outputTail.shift();
    // Like Cloud Logging, takes a line of JSON as an entry and wraps any other.
    const timestamp = new Date().toISOString();
    // An object has a field at least: an entry without any says nothing.
    log.append(
      line.startsWith("{") && !line.startsWith("{}")
        ? `{"timestamp":"${timestamp}",${line.slice(1)}`
        : JSON.stringify({ timestamp, severity, message: line }),
    );
  };
  void eachLine(child.stdout, take("DEFAULT"));
  void eachLine(child.stderr, take("ERROR"));
  child.once("error", (failure) => outputTail.push(failure.message));
  return child;
}

function whyNot({ name, port }: FunctionProcessOptions, outputTail: readonly string[]): string {
  const isTaken = outputTail.some((line) => line.includes("EADDRINUSE"));
  if (isTaken) return `The function ${name} doesn't start: another program has taken port ${port}.`;
  return `The function ${name} doesn't start:\n${outputTail.join("\n")}`;
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
