/**
 * A server that reads requests byte by byte under its own rules, without Node's parser. It says
 * where one request ends and the next begins, as a strict origin server would.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setImmediate as breathe } from "node:timers/promises";

export interface HeardRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface HeardConnection {
  readonly requests: readonly HeardRequest[];
  /** What follows the last whole request: nothing, or an incomplete one. */
  readonly rest: string;
}

const expects = /\r\nexpect: 100-continue\r\n.*\r\n\r\n$/is;
const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

export class RawUpstream {
  /** What each connection received, in the order they were opened. */
  readonly #received: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => this.take(socket));
  }

  /** Serves a connection that was accepted elsewhere. */
  take(socket: Socket): void {
    let [bytes, answered, asked] = ["", 0, 0];
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#received.push(bytes);
    });
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.toString("latin1");
      const { requests, rest } = readConnection(bytes);
      if (asked === requests.length && expects.test(rest)) {
        asked += 1;
        socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      }
      for (; answered < requests.length; answered += 1) {
        const isHead = requests[answered]?.method === "HEAD";
        socket.write(isHead ? answer.slice(0, -2) : answer);
      }
    });
  }

  async listen(): Promise<number> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("no port");
    return address.port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What each connection received, once all of them have ended; then forgets it. */
  async takeHeard(): Promise<HeardConnection[]> {
    for (const socket of this.#sockets)
      await new Promise((resolve) => socket.once("close", resolve));
    return this.#received.splice(0).map(readConnection);
  }
}

/** Parses a connection's bytes as requests, strictly by RFC 9112. */
export function readConnection(bytes: string): HeardConnection {
  const requests: HeardRequest[] = [];
  let rest = bytes;
  for (;;) {
    const read = readRequest(rest);
    if (read === null) return { requests, rest };
    requests.push(read.request);
    rest = rest.slice(read.length);
  }
}

function readRequest(bytes: string): { request: HeardRequest; length: number } | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [line = "", ...fields] = bytes.slice(0, end).split("\r\n");
  const [method = "", target = ""] = line.split(" ");
  const headers = fields.map((field): [string, string] => {
    const [name = "", ...value] = field.split(":");
    return [name.toLowerCase(), value.join(":").trim()];
  });
  const value = (name: string) => headers.find(([found]) => found === name)?.[1];
  const body =
    value("transfer-encoding") === undefined
      ? readLength(bytes.slice(end + 4), Number(value("content-length") ?? 0))
      : readChunks(bytes.slice(end + 4));
  if (body === null) return null;
  return { request: { method, target, headers, body: body.text }, length: end + 4 + body.length };
}

interface ReadBody {
  readonly text: string;
  readonly length: number;
}

function readLength(bytes: string, length: number): ReadBody | null {
  // A request without a length isn't read further, because it would never end.
  if (!Number.isInteger(length) || length < 0) return null;
  return bytes.length < length ? null : { text: bytes.slice(0, length), length };
}

function readChunks(bytes: string): ReadBody | null {
  let [text, at] = ["", 0];
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (!(size >= 0) || bytes.length < next) return null;
    text += bytes.slice(lineEnd + 2, lineEnd + 2 + size);
    if (size === 0) return { text, length: next };
    at = next;
  }
}

/** How long a client that leaves late waits for an answer; an incomplete request never gets one. */
const turnsMax = 300;
/** For the answers to what follows. */
const turnsMore = 30;

/**
 * Sends bytes unchanged, and resolves with the answer when the other side has ended.
 * @param how `halfClose` ends our side behind them: at once, or `late`, once something was answered
 *   or would have been. A forwarder may give up what it read of a client that has ended.
 */
export async function exchangeBytes(
  socket: Duplex,
  bytes: string,
  { halfClose = false }: { readonly halfClose?: boolean | "late" } = {},
): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(bytes, "latin1");
  if (halfClose === "late") {
    const isWaiting = () => chunks.length === 0 && !socket.destroyed;
    for (let turn = 0; turn < turnsMax && isWaiting(); turn += 1) await breathe();
    for (let turn = 0; turn < turnsMore; turn += 1) await breathe();
    socket.end();
  } else if (halfClose) socket.end();
  else socket.once("end", () => socket.end());
  await closed;
  return Buffer.concat(chunks).toString("latin1");
}
