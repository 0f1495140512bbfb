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

function parserRefusal(failure: NodeJS.ErrnoException): ApiError {
  if (failure.code === "HPE_HEADER_OVERFLOW") return new ApiError("HEADERS_TOO_LARGE");
  if (failure.code === "ERR_HTTP_REQUEST_TIMEOUT") return new ApiError("REQUEST_TIMEOUT");
  return notHttp();
}
