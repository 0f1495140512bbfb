import type { ServerResponse } from "node:http";
import { ApiError, errorBody } from "../errors/api-error.ts";
import { settleBody } from "../http/linger.ts";
import { securityHeaders } from "./headers.ts";
import { withEarlierWarnings } from "./ignored-fields.ts";
import { lingerLimits, strangerLimits } from "./raw-refusal.ts";
import type { JsonReply, Reply } from "./route.ts";

/** Sets the headers of every answer before anything can fail. */
export function setCommonHeaders(response: ServerResponse, requestId: string): void {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  response.setHeader("x-request-id", requestId);
}

/** @param counted Called with the body's size before any byte is sent. */
export function sendJson(
  response: ServerResponse,
  reply: JsonReply,
  counted: (bytes: number) => void = () => undefined,
): void {
  // The body is text, so that Node writes it in one call with the headers.
  const text = JSON.stringify(reply.body);
  const bytes = Buffer.byteLength(text);
  counted(bytes);
  settleBody(response.req, response, lingerLimits);
  response.writeHead(reply.status, {
    ...withEarlierWarnings(response, reply.headers),
    "content-type": "application/json; charset=utf-8",
    "content-length": bytes,
  });
  response.end(text);
}

/** Sends the headers at once, so that the client knows that it was admitted. */
export async function sendStream(
  response: ServerResponse,
  reply: Extract<Reply, { stream: unknown }>,
): Promise<void> {
  settleBody(response.req, response, lingerLimits);
  response.writeHead(reply.status, withEarlierWarnings(response, reply.headers));
  response.flushHeaders();
  // An answer to HEAD has no body, and a stream would keep the client for up to an hour.
  if (response.req.method !== "HEAD") await reply.stream(response);
  response.end();
}

/** The refusal that answers a thrown value. All errors that nobody foresaw look the same. */
export function asRefusal(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const cause = error instanceof Error ? error : "something was thrown that is no error";
  return new ApiError("INTERNAL_ERROR", { cause });
}

export function sendError(response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const limits = error.code === "UNAUTHORIZED" ? strangerLimits : lingerLimits;
  settleBody(response.req, response, limits);
  const requestId = String(response.getHeader("x-request-id"));
  sendJson(response, {
    status: error.status,
    headers: error.headers,
    body: errorBody(error, requestId),
  });
}
