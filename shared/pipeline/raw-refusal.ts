/** Answers a connection whose request can't be parsed, for which Node makes no response object. */
import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { ApiError, errorBody } from "../errors/api-error.ts";
import { type LingerLimits, linger, stopTaking } from "../http/linger.ts";
import { securityHeaders } from "./headers.ts";

/** How much is read of a refused request so that the client can see its answer. */
export const lingerLimits: LingerLimits = { bytesMax: 64 * 1024 * 1024, msMax: 30_000 };

/**
 * How much is read of a request whose sender is unknown. A proxy before us sends that much anyway;
 * with more, a forged key could make us read megabytes.
 */
export const strangerLimits: LingerLimits = { bytesMax: 64 * 1024, msMax: 5_000 };

/** A refusal in our own form, with the security headers that every answer carries. */
export function refusalAnswer(error: ApiError) {
  const requestId = `req_${randomUUID()}`;
  const content = errorBody(error, requestId);
  const body = JSON.stringify(content);
  const headers: Record<string, string> = {
    ...securityHeaders,
    ...error.headers,
    "x-request-id": requestId,
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
  };
  return { headers, body, phrase: String(content.error), requestId };
}

/** What was answered to a request that couldn't be parsed. */
export interface RawRefusal {
  readonly requestId: string;
  readonly error: ApiError;
}

/**
 * Node's parser is strict, so two lengths, a bare line feed or a bad chunk all lead here.
 * @returns null if nobody was there to be answered.
 */
export function refuseUnparsed(failure: NodeJS.ErrnoException, socket: Duplex): RawRefusal | null {
  return refuseRaw(socket, parserRefusal(failure));
}

export function refuseRaw(socket: Duplex, error: ApiError): RawRefusal | null {
  if (!stopTaking(socket)) return null;
  if (!socket.writable) {
    socket.destroy();
    return null;
  }
  const { headers, body, phrase, requestId } = refusalAnswer(error);
  const lines = Object.entries({ ...headers, connection: "close" }).map((pair) => pair.join(": "));
  socket.write(`HTTP/1.1 ${error.status} ${phrase}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  linger(socket, lingerLimits);
  return { requestId, error };
}

export function notHttp(cause?: unknown): ApiError {
  const message = "The request isn't valid HTTP/1.1.";
  return new ApiError("VALIDATION_FAILED", { message, cause });
}

/** A request's first line with a method of any name, which is made of letters and some signs. */
const requestLine = /^[!#$%&'*+.^_`|~\w-]+ \S+ HTTP\/1\.[01]\r?$/;
const knownMethods = "GET, HEAD, POST, PUT, PATCH, DELETE";

/** What the parser knows of where it stopped. */
interface ParserFailure extends NodeJS.ErrnoException {
  readonly bytesParsed?: number;
  readonly rawPacket?: Buffer;
}

/** Whether the parser stopped in a line that is HTTP but for its method, and not in other bytes. */
function hasUnknownMethod({ code, rawPacket, bytesParsed = 0 }: ParserFailure): boolean {
  if (code !== "HPE_INVALID_METHOD" || !rawPacket) return false;
  const start = rawPacket.lastIndexOf("\n", Math.max(bytesParsed - 1, 0)) + 1;
  const [line = ""] = rawPacket.toString("latin1", start).split("\n", 1);
  return requestLine.test(line);
}

/** RFC 9110, 9.1 and 15.6.2: a method that is known nowhere, on whatever path. */
function unknownMethod(): ApiError {
  const message = `No path takes that method: there are ${knownMethods}, in capital letters.`;
  return new ApiError("NOT_OFFERED", { message, headers: { allow: knownMethods } });
}

function parserRefusal(failure: NodeJS.ErrnoException): ApiError {
  if (failure.code === "HPE_HEADER_OVERFLOW") return new ApiError("HEADERS_TOO_LARGE");
  if (failure.code === "ERR_HTTP_REQUEST_TIMEOUT") return new ApiError("REQUEST_TIMEOUT");
  return hasUnknownMethod(failure) ? unknownMethod() : notHttp();
}
