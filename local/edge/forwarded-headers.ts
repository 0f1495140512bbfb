import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { securityHeaders } from "#shared/pipeline/headers";

/** RFC 9110, 7.6.1: these are between two neighbours and end here. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // Answered here, before anything is forwarded.
  "expect",
]);

/** What a function receives of a request's headers. */
export function requestHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const client = request.socket.remoteAddress ?? "unknown";
  const before = request.headers["x-forwarded-for"];
  return {
    ...endToEnd(request.headers, (name) => name.startsWith("x-paddock-")),
    ...framing(request),
    // "client, balancer" after whatever the client itself claims, as the real balancer appends it.
    "x-forwarded-for": [before, client, "127.0.0.1"].filter(Boolean).join(", "),
    "x-forwarded-proto": "http",
  };
}

/** What the client receives of a function's. Access for other sites' scripts is never granted. */
export function responseHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const foreign = (name: string) => name.startsWith("access-control-") || name === "x-powered-by";
  return { ...securityHeaders, ...endToEnd(headers, foreign) };
}

/** One way to tell the body's length, never two: a second opinion is how requests are smuggled. */
function framing(request: IncomingMessage): OutgoingHttpHeaders {
  return request.headers["transfer-encoding"] === undefined
    ? {}
    : { "transfer-encoding": "chunked" };
}

function endToEnd(
  headers: IncomingHttpHeaders,
  dropped: (name: string) => boolean,
): OutgoingHttpHeaders {
  const listed = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const drop = (name: string) => hopByHop.has(name) || listed.includes(name) || dropped(name);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !drop(name)));
}
