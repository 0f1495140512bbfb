/** Does what an agent asks for, and sends output and end of each call. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { codeOf } from "./error-code.ts";
import { readFile, writeFile } from "./file-calls.ts";
import { encodeCallOutput, encodeFrame, kinds } from "./frames.ts";
import type { CallDo, CallEnded, CallRequest } from "./messages.ts";
import { Served } from "./served.ts";
import { ShellSession } from "./shell-session.ts";
import { baseEnvironment } from "./shell-start.ts";

type End = Partial<Omit<CallEnded, "id">> & Pick<CallEnded, "end">;
type Exec = Extract<CallDo, { do: "exec" }>;

export class Calls {
  readonly #supervisor: Socket;
  readonly #shell: ShellSession;
  readonly #programs = new Set<ChildProcess>();
  readonly #served = new Map<number, Served>();
  #lastShellCall: Promise<unknown> = Promise.resolve();

  constructor(supervisor: Socket) {
    this.#supervisor = supervisor;
    const others = () =>
      [...this.#programs, ...this.#served.values()].flatMap(({ pid }) => pid ?? []);
    this.#shell = new ShellSession(others, (reader) => {
      if (!supervisor.writableNeedDrain) return;
      reader.pause();
      supervisor.once("drain", () => reader.resume());
    });
  }

  async do(call: CallRequest): Promise<void> {
    const end = await this.#do(call).catch((error: unknown): End => {
      return { end: "failed", code: codeOf(error) };
    });
    const ended: CallEnded = {
      id: call.id,
      status: null,
      folder: null,
      what: null,
      sizeBytes: null,
      code: null,
      ...end,
    };
    this.#supervisor.write(encodeFrame(kinds.callEnded, JSON.stringify(ended)));
  }

  /** Passes a piece of input to the server that it is for, if that one still runs. */
  input(payload: Buffer): void {
    this.#served.get(payload.readUInt32BE(0))?.input(payload.subarray(4));
  }

  async #do(call: CallRequest): Promise<End> {
    const onOutput = (piece: Uint8Array) => {
      this.#supervisor.write(encodeCallOutput(call.id, piece));
    };
    switch (call.do) {
      case "read":
        return { end: "done", ...readFile(call.path, call.bytesMax, onOutput) };
      case "write": {
        const bytes = Buffer.from(call.base64, "base64");
        const isCreated = writeFile(call.path, bytes, call.isNew);
        return { end: "done", what: "file", status: isCreated ? 1 : 0 };
      }
      case "exec":
        return await this.#exec(call, onOutput);
      case "serve": {
        const served = new Served(call, this.#supervisor, onOutput);
        this.#served.set(call.id, served);
        return await served.ended.finally(() => this.#served.delete(call.id));
      }
      case "shell":
        return await this.#inShell(call, onOutput);
    }
  }

  /** One command after another, in the order of the calls. */
  #inShell(
    call: CallRequest & { do: "shell" },
    onOutput: (piece: Uint8Array) => void,
  ): Promise<End> {
    const running = this.#lastShellCall.then(() => this.#shell.run(call, onOutput));
    this.#lastShellCall = running.catch(() => undefined);
    return running;
  }

  #exec(call: Exec, onOutput: (piece: Uint8Array) => void): Promise<End> {
    const child = spawn(call.program, call.arguments, {
      cwd: "/workspace",
      env: baseEnvironment(),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let why: CallEnded["end"] = "done";
    const stop = (reason: CallEnded["end"]) => {
      why = reason;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    };
    this.#programs.add(child);
    const late = setTimeout(() => stop("timed_out"), call.timeoutMs);
    let sentBytes = 0;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        const roomBytes = call.outputBytesMax - sentBytes;
        sentBytes += chunk.length;
        if (roomBytes > 0) onOutput(chunk.subarray(0, roomBytes));
        if (chunk.length > roomBytes && why === "done") stop("output_limit");
      });
    }
    const ended = Promise.withResolvers<End>();
    child.on("error", ended.reject);
    child.on("close", (status) => ended.resolve({ end: why, status }));
    return ended.promise.finally(() => {
      clearTimeout(late);
      this.#programs.delete(child);
    });
  }
}
