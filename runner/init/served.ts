/** A program that serves the supervisor over its input and output, such as an MCP server. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { CallDo, CallEnded } from "./messages.ts";
import { baseEnvironment, preferredVictim } from "./shell-start.ts";

type Serve = Extract<CallDo, { do: "serve" }>;
type ServedEnd = Pick<CallEnded, "end" | "status">;

/** How long it has to end by itself once its input is over, then once it is asked to. */
const graceMs = 500;

export class Served {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly ended: Promise<ServedEnd>;
  #why: CallEnded["end"] = "done";

  /** @param supervisor Receives the output; while it can't, none is read. */
  constructor(call: Serve, supervisor: Socket, onOutput: (piece: Uint8Array) => void) {
    const command = [call.program, ...call.arguments];
    const child = spawn("/bin/sh", ["-c", preferredVictim, "sh", ...command], {
      cwd: "/workspace",
      env: { ...baseEnvironment(), ...call.environment },
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
    });
    this.#child = child;
    child.stdin.on("error", () => undefined);
    let roomBytes = call.outputBytesMax;
    child.stdout.on("data", (piece: Buffer) => {
      if (roomBytes > 0) onOutput(piece.subarray(0, roomBytes));
      roomBytes -= piece.length;
      if (roomBytes < 0) this.#stop("output_limit");
      if (!supervisor.writableNeedDrain) return;
      child.stdout.pause();
      supervisor.once("drain", () => child.stdout.resume());
    });
    const ended = Promise.withResolvers<ServedEnd>();
    child.on("error", ended.reject);
    // Its own children may hold its output open, so its exit counts.
    child.on("exit", (status) => ended.resolve({ end: this.#why, status }));
    this.ended = ended.promise;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** An empty piece ends the input, and with it the program. */
  input(piece: Uint8Array): void {
    if (piece.length > 0) {
      this.#child.stdin.write(piece);
      return;
    }
    this.#child.stdin.end();
    setTimeout(() => this.#send("SIGTERM"), graceMs).unref();
    setTimeout(() => this.#send("SIGKILL"), 2 * graceMs).unref();
  }

  #stop(why: CallEnded["end"]): void {
    this.#why = why;
    this.#send("SIGKILL");
  }

  #send(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended.
    }
  }
}
