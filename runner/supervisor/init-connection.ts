/**
 * The connection to the init in the sandbox. The task may have forged its messages, so they are
 * checked and bounded.
 */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import * as z from "zod";
import { Fault } from "#shared/core/fault";
import { findUnusable } from "#shared/core/usable-text";
import { encodeCallInput, encodeFrame, type Frame, FrameReader, kinds } from "../init/frames.ts";
import {
  type CallDo,
  callEnds,
  fromInitBytesMax,
  type RunRequest,
  refusedHostLengthMax,
} from "../init/messages.ts";

export const ProbeReport = z.object({
  denials: z.record(z.string().max(100), z.union([z.literal(true), z.string().max(1_000)])),
  facts: z.record(z.string().max(100), z.number()),
});
export type ProbeReport = z.infer<typeof ProbeReport>;

const RunEnded = z.object({
  code: z.int().min(0).max(255).nullable(),
  signal: z.string().max(20).nullable(),
});
export type RunEnded = z.infer<typeof RunEnded>;

export const RefusedAttempt = z.object({
  method: z.enum(["http", "connect"]),
  host: z.string().max(refusedHostLengthMax),
  port: z.int().min(0).max(65_535),
});
export type RefusedAttempt = z.infer<typeof RefusedAttempt>;

const CallEnded = z.object({
  id: z.int().min(0),
  end: z.enum(callEnds),
  status: z.int().min(0).max(255).nullable(),
  folder: z.string().max(8_192).nullable(),
  what: z.enum(["file", "folder"]).nullable(),
  sizeBytes: z.int().min(0).nullable(),
  code: z.string().max(60).nullable(),
});
export type CallEnded = z.infer<typeof CallEnded>;

const probeTimeoutMs = 10_000;

export interface RunHandlers {
  onOutput(bytes: Uint8Array): void;
  /** Called when a program asked for a connection although there is no network. */
  onRefused?(attempt: RefusedAttempt): void;
}

export interface CallHandlers {
  onOutput(bytes: Uint8Array): void;
  /** More is dropped, whatever the sandbox sends. */
  readonly outputBytesMax: number;
}

/** A call whose input is written while it runs. */
export interface OpenInput {
  /** An empty piece ends the input, and with it the call. */
  write(piece: Uint8Array): void;
  /** Null if the sandbox ended first. */
  readonly ended: Promise<CallEnded | null>;
}

interface OpenCall extends CallHandlers {
  gotBytes: number;
  readonly ended: (end: CallEnded) => void;
}

/** Listens for exactly one connection: the one that the launcher gives to the sandbox. */
export async function listenForInit(path: string): Promise<{ accept(): Promise<InitLine> }> {
  const server: Server = createServer({ pauseOnConnect: true });
  server.listen(path);
  await once(server, "listening");
  const connected: Promise<InitLine> = new Promise((resolve) => {
    server.once("connection", (socket: Socket) => {
      server.close();
      rmSync(path, { force: true });
      resolve(new InitLine(socket));
    });
  });
  return { accept: () => connected };
}

export class InitLine {
  readonly #socket: Socket;
  readonly #reader = new FrameReader(fromInitBytesMax);
  readonly #probe = Promise.withResolvers<ProbeReport>();
  /** Resolves when the sandbox has ended, for any reason. */
  readonly closed: Promise<void>;
  #running: { handlers: RunHandlers; ended: (end: RunEnded) => void } | undefined;
  readonly #calls = new Map<number, OpenCall>();
  #lastCall = 0;
  #onRefused: ((attempt: RefusedAttempt) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const closed = Promise.withResolvers<void>();
    this.closed = closed.promise;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => closed.resolve());
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.resume();
  }

  /** @throws {Error} If the sandbox ends or stays silent instead. */
  probe(): Promise<ProbeReport> {
    const silent = Promise.withResolvers<never>();
    const timer = setTimeout(() => silent.reject(new Fault("The probe is late.")), probeTimeoutMs);
    const gone = this.closed.then(() => Promise.reject(new Fault("It ended before its probe.")));
    const first = Promise.race([this.#probe.promise, silent.promise, gone]);
    return first.finally(() => clearTimeout(timer));
  }

  /** @returns How the script ended; null if the sandbox ended first. */
  async run(request: RunRequest, handlers: RunHandlers): Promise<RunEnded | null> {
    const ended = new Promise<RunEnded>((resolve) => {
      this.#running = { handlers, ended: resolve };
    });
    this.#socket.write(encodeFrame(kinds.run, JSON.stringify(request)));
    return Promise.race([ended, this.closed.then(() => null)]);
  }

  /** Sets who hears of attempts to leave a sandbox without a network. */
  reportRefused(onRefused: (attempt: RefusedAttempt) => void): void {
    this.#onRefused = onRefused;
  }

  /** Does one thing inside, beside others. @returns Null if the sandbox ended first. */
  async call(request: CallDo, handlers: CallHandlers): Promise<CallEnded | null> {
    return await this.open(request, handlers).ended;
  }

  /** Begins a call that takes input. */
  open(request: CallDo, handlers: CallHandlers): OpenInput {
    this.#lastCall += 1;
    const id = this.#lastCall;
    const ended = new Promise<CallEnded>((resolve) => {
      this.#calls.set(id, { ...handlers, gotBytes: 0, ended: resolve });
    });
    this.#socket.write(encodeFrame(kinds.call, JSON.stringify({ id, ...request })));
    const first = Promise.race([ended, this.closed.then(() => null)]);
    return {
      write: (piece) => void this.#socket.write(encodeCallInput(id, piece)),
      ended: first.finally(() => this.#calls.delete(id)),
    };
  }

  /** Asks everything inside to end. */
  terminate(): void {
    this.#socket.write(encodeFrame(kinds.signal, JSON.stringify({ signal: "SIGTERM" })));
  }

  #read(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.read(chunk)) this.#handle(frame);
    } catch {
      // A peer that breaks the protocol isn't our init any more.
      this.#socket.destroy();
    }
  }

  #handle({ kind, payload }: Frame): void {
    if (kind === kinds.output) {
      this.#running?.handlers.onOutput(payload);
      return;
    }
    if (kind === kinds.callOutput) {
      this.#takeOutput(payload);
      return;
    }
    const message: unknown = JSON.parse(payload.toString("utf8"));
    if (findUnusable(message, "kept")) throw new Fault("Our init writes text.");
    if (kind === kinds.probe) this.#probe.resolve(ProbeReport.parse(message));
    if (kind === kinds.refused) this.#refused(RefusedAttempt.parse(message));
    if (kind === kinds.callEnded) this.#endCall(CallEnded.parse(message));
    if (kind !== kinds.ended) return;
    const ended = RunEnded.parse(message);
    this.#running?.ended(ended);
    this.#running = undefined;
  }

  #refused(attempt: RefusedAttempt): void {
    (this.#running?.handlers.onRefused ?? this.#onRefused)?.(attempt);
  }

  #takeOutput(payload: Buffer): void {
    if (payload.length < 4) throw new Fault("Our init numbers its output.");
    const call = this.#calls.get(payload.readUInt32BE(0));
    if (call === undefined) return;
    const roomBytes = call.outputBytesMax - call.gotBytes;
    const piece = payload.subarray(4);
    call.gotBytes += piece.length;
    if (roomBytes > 0) call.onOutput(piece.subarray(0, roomBytes));
  }

  #endCall(end: CallEnded): void {
    this.#calls.get(end.id)?.ended(end);
  }
}
