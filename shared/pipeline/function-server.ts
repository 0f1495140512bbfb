/** A function's HTTP server: its deadlines, and how it ends connections. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { takeRequest } from "../http/linger.ts";
import { lingerLimits, refuseUnparsed } from "./raw-refusal.ts";
import { logUnparsed } from "./request-log.ts";

export interface Deadlines {
  /** Time from a request's first byte to the end of its headers. */
  readonly headersMsMax: number;
  /** Time from a request's first byte to the end of its body. */
  readonly requestMsMax: number;
}

const deadlines: Deadlines = { headersMsMax: 10_000, requestMsMax: 60_000 };
/** How often Node checks for late requests; its default is every 30 s. */
const lookForLateEveryMs = 500;
/**
 * Longer than any balancer keeps a connection (Google's: 600 s). The side that sends requests must
 * be the one that closes idle connections; otherwise one is closed just as it is used again.
 */
const keepAliveMs = 620_000;

/** @param expected Must be called once the request is admitted: its client may wait for a 100. */
type Handle = (request: IncomingMessage, response: ServerResponse, expected: () => void) => void;

export function createFunctionServer(handle: Handle, limits: Deadlines = deadlines): Server {
  const server = createServer({
    headersTimeout: limits.headersMsMax,
    requestTimeout: limits.requestMsMax,
    connectionsCheckingInterval: Math.min(lookForLateEveryMs, limits.headersMsMax),
    keepAliveTimeout: keepAliveMs,
  });
  // Without a maximum Node drops no header silently, and every one of them is checked.
  server.maxHeadersCount = 0;
  const take: Handle = (request, response, expected) => {
    if (takeRequest(request, response, lingerLimits)) handle(request, response, expected);
  };
  server.on("request", (request, response) => take(request, response, () => undefined));
  // A client that asks before sending a body gets its 100 only after the gates.
  server.on("checkContinue", (request, response) =>
    take(request, response, () => response.writeContinue()),
  );
  // Any other expectation may be ignored (RFC 9110, 10.1.1).
  server.on("checkExpectation", (request, response) => take(request, response, () => undefined));
  server.on("clientError", (failure, socket) => {
    const refusal = refuseUnparsed(failure, socket);
    if (refusal) logUnparsed(refusal, socket);
  });
  return server;
}
