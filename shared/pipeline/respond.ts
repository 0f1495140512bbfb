import type { IncomingMessage, ServerResponse } from "node:http";
import { ApiError, errorBody } from "../errors/api-error.ts";
import { securityHeaders } from "./headers.ts";
import type { Reply } from "./route.ts";

/** What every answer carries, set before anything can go wrong. */
export function prepare(response: ServerResponse, requestId: string): void {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  response.setHeader("x-request-id", requestId);
}

export function sendJson(response: ServerResponse, reply: Extract<Reply, { body: object }>): void {
  // As text, so that Node sends headers and body in one write.
  const text = JSON.stringify(reply.body);
  response.writeHead(reply.status, {
    ...reply.headers,
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** Begins the body at once, so that the client knows it was let in. */
export async function sendStream(
  response: ServerResponse,
  reply: Extract<Reply, { stream: unknown }>,
): Promise<void> {
  response.writeHead(reply.status, reply.headers);
  response.flushHeaders();
  await reply.stream(response);
  response.end();
}

/** What was thrown, as the refusal to answer: everything unforeseen is one and the same. */
export function asRefusal(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const cause = error instanceof Error ? error : "something was thrown that is no error";
  return new ApiError("INTERNAL_ERROR", { cause });
}

export function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  error: ApiError,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // A body that nobody will read ends the connection, instead of being taken in for nothing.
  if (bodyIsComing(request)) response.setHeader("connection", "close");
  const requestId = String(response.getHeader("x-request-id"));
  sendJson(response, {
    status: error.status,
    headers: error.headers,
    body: errorBody(error, requestId),
  });
}

/** A request is complete only once its last part was read; one without a body must not wait. */
function bodyIsComing(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0);
  return names.some((name) => /^(content-length|transfer-encoding)$/i.test(name));
}
