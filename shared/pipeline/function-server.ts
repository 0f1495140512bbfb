/** A function's HTTP server: its deadlines, and how it ends connections. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { takeRequest } from "../http/linger.ts";
import { lingerLimits, refuseUnparsed } from "./raw-refusal.ts";

export interface Deadlines {
  /** From a request's first byte to the end of its headers. */
  readonly headersMsMax: number;
  /** To the end of its body. */
  readonly requestMsMax: number;
}

const deadlines: Deadlines = { headersMsMax: 10_000, requestMsMax: 60_000 };
/** Node looks for late requests this often, and by itself every 30 s only. */
const lookForLateEveryMs = 500;
/**
 * Longer than any balancer keeps a connection (Google's: 600 s). Who sends the next request must be
 * the one who ends an idle connection: else it is closed in the moment it is used again.
 */
const keepAliveMs = 620_000;

/** @param expected to be called once the request is let in: a client may wait to be asked. */
type Handle = (request: IncomingMessage, response: ServerResponse, expected: () => void) => void;

export function createFunctionServer(handle: Handle, limits: Deadlines = deadlines): Server {
  const server = createServer({
    headersTimeout: limits.headersMsMax,
    requestTimeout: limits.requestMsMax,
    connectionsCheckingInterval: Math.min(lookForLateEveryMs, limits.headersMsMax),
    keepAliveTimeout: keepAliveMs,
  });
  // All of them are judged: Node would drop those beyond its own count unseen.
  server.maxHeadersCount = 0;
  const take: Handle = (request, response, expected) => {
    if (takeRequest(request, response, lingerLimits)) handle(request, response, expected);
  };
  server.on("request", (request, response) => take(request, response, () => undefined));
  // Whoever asks before sending a body is told to only once the gates have let it through.
  server.on("checkContinue", (request, response) =>
    take(request, response, () => response.writeContinue()),
  );
  // Any other expectation may be ignored (RFC 9110, 10.1.1).
  server.on("checkExpectation", (request, response) => take(request, response, () => undefined));
  server.on("clientError", refuseUnparsed);
  return server;
}
