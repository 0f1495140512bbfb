/** An HTTP server on loopback that answers only requests that name it. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOnLoopback } from "./listen.ts";
import { isOwnPeer } from "./own-peers.ts";

export interface HttpServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

export type HttpHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => void | Promise<void>;

/** A refusal in Google's JSON form. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/**
 * Serves on 127.0.0.1; `port` 0 takes a free one. No web page can reach it: neither through a name
 * of its own, because `Host` must name this server, nor from where the page is, because a browser
 * says so. Some of these servers ask for no credential.
 */
export async function startHttpServer(handle: HttpHandler, port = 0): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(handle, request, response).catch((failure: unknown) =>
      refuse({ request, response }, failure).catch(() => response.destroy()),
    );
  });
  const bound = await listenOnLoopback(server, port);
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  handle: HttpHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { host } = request.headers;
  const port = request.socket.localPort;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    throw new HttpError(403, "forbidden", "The Host header doesn't name this server.");
  }
  if (isOfPage(request)) {
    throw new HttpError(403, "forbidden", "Requests of web pages aren't answered.");
  }
  const url = URL.parse(request.url ?? "", `http://${host}`);
  if (url === null) throw new HttpError(400, "invalid", "The address can't be read.");
  await handle(request, response, url);
}

/** What a user types into a browser's address line is `none`; other clients send neither header. */
function isOfPage({ headers }: IncomingMessage): boolean {
  const { origin, "sec-fetch-site": site = "none" } = headers;
  return origin !== undefined || site !== "none";
}

/** @throws {HttpError} 403 for a request of another user of this machine. */
export async function requireOwnUser({ socket }: IncomingMessage): Promise<void> {
  if (await isOwnPeer(socket)) return;
  throw new HttpError(403, "forbidden", "Other users of this machine aren't answered.");
}

async function refuse(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  failure: unknown,
): Promise<void> {
  const known = failure instanceof HttpError;
  // A caller that has gone isn't our failure, and gets no answer. Its request may have arrived
  // completely before, but what wasn't read by then is lost with its socket.
  const hasGone = failure === request.errored || (request.destroyed && !request.complete);
  if (response.headersSent || hasGone) {
    response.destroy();
    return;
  }
  if (!known) console.error("local cloud:", failure);
  if (!request.destroyed) await drain(request);
  const { status, reason, message } = known
    ? failure
    : new HttpError(500, "backendError", "Internal error.");
  sendJson(response, status, {
    error: { code: status, message, errors: [{ domain: "global", reason, message }] },
  });
}

/** A client that is cut off while it sends never reads why it was refused. */
const drainedBytesMax = 64 * 1024 * 1024;

async function drain(request: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of bodyOf(request)) {
    bytes += chunk.length;
    if (bytes > drainedBytesMax) request.destroy();
  }
}

/** The body; unlike the request itself, it can be left half-read and an answer still be sent. */
export function bodyOf(request: IncomingMessage): AsyncIterableIterator<Buffer> {
  return request.iterator({ destroyOnReturn: false });
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    "content-type": "application/json; charset=UTF-8",
    "content-length": bytes.length,
  });
  response.end(bytes);
}

/** The whole body as text. @throws {HttpError} 413 above `bytesMax`. */
export async function readText(request: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of bodyOf(request)) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new HttpError(413, "uploadTooLarge", "The body is too large.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
