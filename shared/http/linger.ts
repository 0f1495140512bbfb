/**
 * Closes a connection so that the client can read the answer. Closing a socket with unread bytes
 * resets it, and a reset discards the answer: the client sees a broken pipe instead of its refusal
 * (RFC 9112, 9.6).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { FramingError, framingOf } from "./framing.ts";
import { onceClosed } from "./once-closed.ts";

export interface LingerLimits {
  /** How much is read and discarded before the connection is cut. */
  readonly bytesMax: number;
  readonly msMax: number;
}

/** A body up to this length is cheaper to read than a new connection is to open. */
export const readOffBytesMax = 64 * 1024;
const lookEveryMs = 50;
/** Connections whose answer is the last one; bytes that arrive on them aren't requests. */
const lingering = new WeakSet<Duplex>();

/** Connections that are being closed. */
const ending = new WeakSet<Duplex>();

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}
/** The exchanges in progress on each connection. */
const open = new WeakMap<Duplex, Set<Exchange>>();

/**
 * Every server calls this first for each request.
 * @returns Whether to handle it; false if its connection has had, or was promised, its last answer.
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
  onceClosed(response, () => {
    exchanges.delete(exchange);
    if (exchanges.size === 0 && lingering.has(socket)) linger(socket, limits);
  });
  return true;
}

/**
 * Called when a connection's bytes can't be parsed, or follow a request that was the last one.
 * @returns Whether to answer that now. If not, the pending answer is sent and the connection ends.
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
  // The pending answer has begun or waits for another; a second one would be confused with it.
  lingering.add(socket);
  socket.destroy();
  return false;
}

/**
 * Handles the rest of a request's body once its answer is decided; call it before the answer's head
 * is written. A short rest is read and the connection stays open.
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
  // A client that waited for 100 may send its body or not; only a new connection can tell.
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
 * The answer announces that the connection ends. It ends once the client has stopped sending, or at
 * the limits. Call it before the answer's head is written.
 */
export function closeAfterAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  limits: LingerLimits,
): void {
  const { socket } = request;
  response.setHeader("connection", "close");
  lingering.add(socket);
  // Node calls this after the last answer to end the connection at once.
  socket.destroySoon = () => linger(socket, limits);
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limits.bytesMax) socket.destroy();
  });
  request.resume();
}

/** Ends our half of a connection now, and the other half within the limits. */
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
