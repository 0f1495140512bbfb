import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type ApiError, errorBody } from "#shared/errors/api-error";
import { securityHeaders } from "#shared/pipeline/headers";

/** Of a refused request's body, what is read off so that the client gets to see its answer. */
const discardedBytesMax = 32 * 1024 * 1024;

/** Answers in the API's own error form. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { headers, body } = answer(error);
  // A client that waited to be asked may send its body or not: only a new connection tells.
  if (request.headers.expect !== undefined) headers.connection = "close";
  response.writeHead(error.status, headers);
  response.end(body);
  discardRest(request);
}

function discardRest(request: IncomingMessage): void {
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > discardedBytesMax) request.socket.destroy();
  });
  request.resume();
}

/** The same for a connection whose request can't be parsed: no response object exists. */
export function refuseRaw(socket: Duplex, error: ApiError): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { headers, body, phrase } = answer(error);
  const lines = Object.entries({ ...headers, connection: "close" }).map((pair) => pair.join(": "));
  socket.end(`HTTP/1.1 ${error.status} ${phrase}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
}

function answer(error: ApiError) {
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
  return { headers, body, phrase: String(content.error) };
}
