/**
 * A server at the level of bytes, which reads requests by rules of its own and never by Node's
 * parser: it says where one request ends and the next begins, as a strict origin server would.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export interface HeardRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface HeardConnection {
  readonly requests: readonly HeardRequest[];
  /** What stands behind the last whole request: nothing, or one that broke off. */
  readonly rest: string;
}

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

export class RawUpstream {
  /** What each connection brought, in the order they were opened. */
  readonly #received: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => this.take(socket));
  }

  /** Speaks to a connection that came by another way. */
  take(socket: Socket): void {
    const index = this.#received.push("") - 1;
    let answered = 0;
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      this.#received[index] += chunk.toString("latin1");
      const { requests } = readConnection(this.#received[index] ?? "");
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

  /** What was heard so far, and forgotten by it. */
  heard(): HeardConnection[] {
    const connections = this.#received.map(readConnection);
    return connections;
  }

  forget(): void {
    for (const index of this.#received.keys()) this.#received[index] = "";
  }
}

/** Reads a connection's bytes as requests, by RFC 9112 and nothing more lenient. */
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
  return bytes.length < length ? null : { text: bytes.slice(0, length), length };
}

function readChunks(bytes: string): ReadBody | null {
  let [text, at] = ["", 0];
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (Number.isNaN(size) || bytes.length < next) return null;
    text += bytes.slice(lineEnd + 2, lineEnd + 2 + size);
    if (size === 0) return { text, length: next };
    at = next;
  }
}

/** Sends bytes as they are, and resolves with what came back when the other side has ended. */
export async function exchangeBytes(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => undefined);
  socket.end(bytes, "latin1");
  await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}
