import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { type ForwardedRequest, forwardRequest, forwardResponse } from "#shared/http/framing";
import { securityHeaders } from "#shared/pipeline/headers";

/** The edge says these itself, after whatever the client claims. */
const ownHeaders = new Set(["x-forwarded-for", "x-forwarded-proto"]);

/**
 * What a function receives of a request's headers. Its connection carries this request alone, so
 * that no client's bytes ever stand behind another's.
 * @throws {FramingError} When it can't be passed on as it was meant.
 */
export function functionRequest(
  request: IncomingMessage,
  host: string,
  asks: boolean,
): ForwardedRequest {
  const client = request.socket.remoteAddress ?? "unknown";
  const before = request.headers["x-forwarded-for"];
  // "client, balancer" after whatever the client itself claims, as the real balancer appends it.
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

/** What the client receives of a function's. Access for other sites' scripts is never granted. */
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
