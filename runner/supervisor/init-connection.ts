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
import { encodeFrame, type Frame, FrameReader, kinds } from "../init/frames.ts";
import { fromInitBytesMax, type RunRequest, refusedHostLengthMax } from "../init/messages.ts";

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

const probeTimeoutMs = 10_000;

export interface RunHandlers {
  onOutput(bytes: Uint8Array): void;
  /** Called when a program asked for a connection although there is no network. */
  onRefused?(attempt: RefusedAttempt): void;
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
    const message: unknown = JSON.parse(payload.toString("utf8"));
    if (findUnusable(message, "kept")) throw new Fault("Our init writes text.");
    if (kind === kinds.probe) this.#probe.resolve(ProbeReport.parse(message));
    if (kind === kinds.refused) this.#running?.handlers.onRefused?.(RefusedAttempt.parse(message));
    if (kind !== kinds.ended) return;
    const ended = RunEnded.parse(message);
    this.#running?.ended(ended);
    this.#running = undefined;
  }
}
