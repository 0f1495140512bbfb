/**
 * Closes a connection so that its client gets to read the answer. A socket that is closed while
 * bytes of its client are unread is reset, and a reset takes the answer with it: the client sees a
 * broken pipe instead of its refusal (RFC 9112, 9.6).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { FramingError, framingOf } from "./framing.ts";

export interface LingerLimits {
  /** How much is read off and thrown away before the connection is cut after all. */
  readonly bytesMax: number;
  readonly msMax: number;
}

/** A body of this length is sooner read off than its connection opened again. */
export const readOffBytesMax = 64 * 1024;
const lookEveryMs = 50;
/** Connections whose answer was, or will be, their last: what arrives on them is no request. */
const lingering = new WeakSet<Duplex>();

/** Those whose end has begun. */
const ending = new WeakSet<Duplex>();

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}
/** What is being answered on each connection. */
const open = new WeakMap<Duplex, Set<Exchange>>();

/**
 * Every server calls this for each request first.
 * @returns Whether it is one: not if its connection has had, or been promised, its last answer.
 */
export function takeRequest(
  request: IncomingMessage,
  response: ServerResponse,
  limits: LingerLimits,
): boolean {
  const { socket } = request;
  if (lingering.has(socket)) {
    request.resume();
    return false;
  }
  const exchange = { request, response };
  const exchanges = open.get(socket) ?? new Set();
  open.set(socket, exchanges.add(exchange));
  response.once("close", () => {
    exchanges.delete(exchange);
    if (exchanges.size === 0 && lingering.has(socket)) linger(socket, limits);
  });
  return true;
}

/**
 * What came on a connection can't be parsed, or follows a request that was to be its last.
 * @returns Whether it is to be answered now; else what was asked before is, and then it ends.
 */
export function stopTaking(socket: Duplex): boolean {
  if (lingering.has(socket)) return false;
  const exchanges = [...(open.get(socket) ?? [])];
  const broken = exchanges.find(({ request }) => !request.complete);
  if (broken === undefined && exchanges.length > 0) {
    lingering.add(socket);
    return false;
  }
  if (broken === undefined || (exchanges.length === 1 && !broken.response.headersSent)) return true;
  // Its answer has begun, or must wait for another's: no second one can be told from them.
  lingering.add(socket);
  socket.destroy();
  return false;
}

/**
 * Sees to what is left of a request's body when its answer is decided; to be called before the
 * answer's head is written. A short one is read off and the connection stays.
 */
export function settleBody(
  request: IncomingMessage,
  response: ServerResponse,
  limits: LingerLimits,
): void {
  if (request.complete || lingering.has(request.socket)) return;
  if (response.shouldKeepAlive && isShort(request)) request.resume();
  else closeAfterAnswer(request, response, limits);
}

function isShort(request: IncomingMessage): boolean {
  // A client that waited to be asked may send its body or not: only a new connection tells.
  if (request.headers.expect !== undefined) return false;
  try {
    const framing = framingOf(request);
    return framing.kind === "none" || (framing.kind === "length" && isReadOff(framing.bytes));
  } catch (error) {
    if (error instanceof FramingError) return false;
    throw error;
  }
}

const isReadOff = (bytes: number) => bytes <= readOffBytesMax;

/**
 * The answer says that the connection ends, and it ends once the client has stopped sending, or at
 * the limits. To be called before the answer's head is written.
 */
export function closeAfterAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  limits: LingerLimits,
): void {
  const { socket } = request;
  response.setHeader("connection", "close");
  lingering.add(socket);
  // Node calls this when the last answer is written, to end the connection at once.
  socket.destroySoon = () => linger(socket, limits);
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limits.bytesMax) socket.destroy();
  });
  request.resume();
}

/** Ends our half of a connection now, and the other within the limits. */
export function linger(socket: Duplex, { bytesMax, msMax }: LingerLimits): void {
  lingering.add(socket);
  if (ending.has(socket)) return;
  ending.add(socket);
  socket.end();
  socket.resume();
  const bytesRead = () => ("bytesRead" in socket ? Number(socket.bytesRead) : 0);
  const bytesBefore = bytesRead();
  const deadlineMs = performance.now() + msMax;
  const looking = setInterval(() => {
    const isOver = performance.now() >= deadlineMs || bytesRead() - bytesBefore > bytesMax;
    if (isOver) socket.destroy();
  }, lookEveryMs);
  looking.unref();
  const closeOnceWritten = () => {
    if (socket.writableFinished) socket.destroy();
    else socket.once("finish", () => socket.destroy());
  };
  if (socket.readableEnded) closeOnceWritten();
  else socket.once("end", closeOnceWritten);
  socket.once("close", () => clearInterval(looking));
  if (socket.destroyed) clearInterval(looking);
}
