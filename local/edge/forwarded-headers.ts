import type { IncomingMessage } from "node:http";
import { type ForwardedRequest, forwardRequest } from "#shared/http/framing";

/** The edge sets these itself, after the client's values. */
const ownHeaders = new Set(["x-forwarded-for", "x-forwarded-proto"]);

/**
 * The headers of a request for a function. Its connection carries only this request, so no client's
 * bytes ever follow another's.
 * @throws {FramingError} If it can't be passed on as it was meant.
 */
export function functionRequest(
  request: IncomingMessage,
  host: string,
  asks: boolean,
): ForwardedRequest {
  const client = request.socket.remoteAddress ?? "unknown";
  const before = request.headers["x-forwarded-for"];
  // Appends "client, balancer" to what the client sent, as the real balancer does.
  const chain = [before, client, "127.0.0.1"].filter(Boolean).join(", ");
  return forwardRequest(request, {
    host,
    isDropped: (name) => ownHeaders.has(name) || name.startsWith("x-paddock-"),
    added: [
      ["X-Forwarded-For", chain],
      ["X-Forwarded-Proto", "http"],
      ...(asks ? [["Expect", "100-continue"] as const] : []),
    ],
    keepAlive: false,
  });
}
