/**
 * A shell that lives on between an agent's commands, with its folder, its variables and what it
 * runs in the background. If it ends, the next command gets a new one in the same folder.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, constants, openSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { codeOf } from "./error-code.ts";
import { MarkedOutput } from "./marked-output.ts";
import type { CallDo, CallEnded } from "./messages.ts";
import { endStartedSince, listProcesses, type Processes } from "./processes.ts";
import { scriptText } from "./script-text.ts";
import { baseEnvironment, preferredVictim, shellPath } from "./shell-start.ts";
import { startFailure } from "./start-failure.ts";

export type ShellCommand = Extract<CallDo, { do: "shell" }>;
export type ShellEnd = Pick<CallEnded, "end" | "status" | "folder">;

const files = { command: "/tmp/.command.sh", output: "/tmp/.agent-output" };
/**
 * Reads the name of a mark, runs the command, and writes the mark after its output. That is in the
 * loop's condition and by builtins, so that neither a `continue` nor a function named `printf` in a
 * command swallows the mark.
 */
const driver = `paddock_mark=
while
  paddock_status=$?
  [[ -z $paddock_mark ]] || builtin printf '\\036%s %d\\036' "$paddock_mark" "$paddock_status" >&4
  IFS= builtin read -r -u 3 paddock_mark
do
  . ${files.command} 3<&- 4>&- </dev/null
done`;
/** Output of background processes between two commands; the rest is dropped. */
const laterBytesMax = 64 * 1024;
/** When a shell has ended, what it wrote is read until it is quiet for this long. */
const quietMs = 50;
const quietRoundsMax = 40;

interface Running {
  readonly command: ShellCommand;
  readonly marked: MarkedOutput;
  readonly before: Processes;
  readonly onOutput: (piece: Uint8Array) => void;
  readonly ended: (end: ShellEnd) => void;
  sentBytes: number;
  isEnding: boolean;
}

interface Shell {
  readonly process: ChildProcess;
  readonly orders: Writable;
}

export class ShellSession {
  #shell: Shell | undefined;
  #reader: Socket | undefined;
  #writer = -1;
  #folder: string;
  /** Where a shell starts if it can't start in the last one's folder. */
  readonly #home: string;
  #running: Running | undefined;
  #later: Buffer = Buffer.alloc(0);
  #heardAtMs = 0;
  /** Processes of the init that no command has started. */
  readonly #others: () => readonly number[];
  readonly #onFlood: (reader: Socket) => void;

  /** @param onFlood Called after each piece of output, to hold the reader if nobody reads us. */
  constructor(
    others: () => readonly number[],
    onFlood: (reader: Socket) => void,
    home = "/workspace",
  ) {
    this.#home = home;
    this.#folder = home;
    this.#others = others;
    this.#onFlood = onFlood;
  }

  /** Runs one command. Call it when the last one has ended. @throws {Error} If no shell starts. */
  async run(command: ShellCommand, onOutput: Running["onOutput"]): Promise<ShellEnd> {
    const nonce = randomBytes(16).toString("hex");
    writeFileSync(files.command, `${scriptText(command.command)}\n`, { mode: 0o600 });
    const shell = this.#shell ?? this.#start(command);
    const ended = new Promise<ShellEnd>((resolve) => {
      this.#running = {
        command,
        onOutput,
        marked: new MarkedOutput(nonce),
        before: listProcesses(),
        ended: resolve,
        sentBytes: 0,
        isEnding: false,
      };
    });
    const late = setTimeout(() => void this.#stop("timed_out"), command.timeoutMs);
    if (this.#later.length > 0) this.#pass(this.#later);
    this.#later = Buffer.alloc(0);
    shell.orders.write(`${nonce}\n`);
    return await ended.finally(() => clearTimeout(late));
  }

  /** Ends the command with all that it has started, and the shell with it. */
  async #stop(why: "timed_out" | "output_limit"): Promise<void> {
    const running = this.#running;
    const shell = this.#shell;
    if (running === undefined || shell === undefined || running.isEnding) return;
    running.isEnding = true;
    const pid = shell.process.pid ?? 0;
    this.#noteFolder(pid);
    // A stopped shell can't go on with the command's next line while its processes end.
    shell.process.kill("SIGSTOP");
    const kept = () => new Set([0, 1, process.pid, pid, ...this.#others()]);
    await endStartedSince(running.before, kept);
    shell.process.kill("SIGKILL");
    this.#shell = undefined;
    await this.#untilQuiet();
    this.#end(running, { end: why, status: null, folder: this.#folder });
  }

  #start({ environment }: ShellCommand): Shell {
    this.#reader ??= this.#openOutput();
    const child = spawn("/bin/sh", ["-c", preferredVictim, "sh", shellPath(), "-c", driver], {
      cwd: this.#folder,
      env: { ...baseEnvironment(), ...environment },
      stdio: ["ignore", this.#writer, this.#writer, "pipe", this.#writer],
      detached: true,
    });
    const orders = child.stdio[3];
    if (!(orders instanceof Writable)) throw new Error("The shell has no line.");
    orders.on("error", () => undefined);
    const shell = { process: child, orders };
    this.#shell = shell;
    child.on("error", (error) => {
      // A name that is no UTF-8, or a folder that nobody may enter, would stop all later ones.
      this.#folder = this.#home;
      this.#pass(Buffer.from(`The shell couldn't be started: ${startFailure(codeOf(error))}\n`));
      this.#shellEnded(shell, 126);
    });
    child.on("exit", (code, signal) =>
      this.#shellEnded(shell, code ?? (signal === null ? 1 : 137)),
    );
    return shell;
  }

  /** One pipe for all shells, so that what runs in the background can always write. */
  #openOutput(): Socket {
    rmSync(files.output, { force: true });
    execFileSync("/usr/bin/mkfifo", ["-m", "600", files.output]);
    const reading = openSync(files.output, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#writer = openSync(files.output, constants.O_WRONLY);
    rmSync(files.output);
    const reader = new Socket({ fd: reading, readable: true, writable: false });
    reader.on("error", () => undefined);
    reader.on("data", (chunk: Buffer) => {
      this.#heardAtMs = performance.now();
      this.#read(chunk);
      this.#onFlood(reader);
    });
    return reader;
  }

  #read(chunk: Buffer): void {
    const running = this.#running;
    if (running === undefined) {
      this.#later = Buffer.concat([this.#later, chunk]).subarray(-laterBytesMax);
      return;
    }
    const { output, later, status } = running.marked.read(chunk);
    this.#pass(output);
    if (status === null) return;
    this.#noteFolder(this.#shell?.process.pid ?? 0);
    this.#later = Buffer.from(later.subarray(-laterBytesMax));
    if (!running.isEnding) this.#end(running, { end: "done", status, folder: this.#folder });
  }

  #pass(output: Buffer): void {
    const running = this.#running;
    if (running === undefined || output.length === 0) return;
    const roomBytes = running.command.outputBytesMax - running.sentBytes;
    running.sentBytes += output.length;
    if (roomBytes > 0) running.onOutput(output.subarray(0, roomBytes));
    if (output.length > roomBytes) void this.#stop("output_limit");
  }

  /** The command ended its shell: by `exit`, by `set -e`, or by a signal. */
  #shellEnded(shell: Shell, status: number): void {
    if (this.#shell === shell) this.#shell = undefined;
    const running = this.#running;
    if (running === undefined || running.isEnding) return;
    running.isEnding = true;
    void this.#untilQuiet().then(() => {
      this.#pass(running.marked.rest());
      this.#end(running, { end: "shell_ended", status, folder: this.#folder });
    });
  }

  #end(running: Running, end: ShellEnd): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    running.ended(end);
  }

  async #untilQuiet(): Promise<void> {
    for (let round = 0; round < quietRoundsMax; round += 1) {
      await wait(quietMs);
      if (performance.now() - this.#heardAtMs >= quietMs) return;
    }
  }

  #noteFolder(pid: number): void {
    try {
      const folder = readlinkSync(`/proc/${pid}/cwd`);
      // A folder that was deleted can't be a new shell's.
      this.#folder = folder.endsWith(" (deleted)") ? this.#home : folder;
    } catch {
      // The shell has ended; the last folder counts.
    }
  }

  /** Closes what the init holds; for tests. */
  close(): void {
    this.#shell?.process.kill("SIGKILL");
    this.#reader?.destroy();
    if (this.#writer >= 0) closeSync(this.#writer);
  }
}
