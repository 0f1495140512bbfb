import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { type ForwardedRequest, forwardRequest, forwardResponse } from "#shared/http/framing";
import { securityHeaders } from "#shared/pipeline/headers";

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

/** The headers of a function's answer for the client. Cross-origin access is never granted. */
export function responseHeaders(answer: IncomingMessage): OutgoingHttpHeaders {
  const isForeign = (name: string) => name.startsWith("access-control-") || name === "x-powered-by";
  const headers = new Map<string, string[]>();
  for (const [name, value] of forwardResponse(answer, isForeign)) {
    const lower = name.toLowerCase();
    const values = headers.get(lower);
    if (values) values.push(value);
    else headers.set(lower, [value]);
  }
  const joined = [...headers].map(([name, values]) => [
    name,
    values.length === 1 ? values[0] : values,
  ]);
  return { ...securityHeaders, ...Object.fromEntries(joined) };
}
