/**
 * Closes a connection so that its client gets to read the answer. A socket that is closed while
 * bytes of its client are unread is reset, and a reset takes an answer with it that was sent before:
 * the client sees a broken pipe instead of its refusal (RFC 9112, 9.6).
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
const lingering = new WeakSet<Duplex>();

/** Whether its answer was its last: what still arrives on it is no request any more. */
export function isLingering(socket: Duplex): boolean {
  return lingering.has(socket);
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
  if (request.complete) return;
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
  request.resume();
}

/** Ends our half of a connection now, and the other within the limits. */
export function linger(socket: Duplex, { bytesMax, msMax }: LingerLimits): void {
  lingering.add(socket);
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
