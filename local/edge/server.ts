import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { deploymentLimitsOf } from "#shared/config";
import { ApiError } from "#shared/errors/api-error";
import { noSuchRoute } from "#shared/errors/no-such-route";
import { valuesOf } from "#shared/http/framing";
import { takeRequest } from "#shared/http/linger";
import { refuse } from "#shared/pipeline/pass-on";
import { lingerLimits, notHttp, refuseRaw, refuseUnparsed } from "#shared/pipeline/raw-refusal";
import { functionFor, type RouteTable } from "#shared/pipeline/route-table";
import { AddressLimit, type AddressVerdict } from "./address-limit.ts";
import { type EdgeTarget, forward } from "./proxy.ts";

export interface EdgeLimits {
  readonly requestsMax: number;
  readonly windowMs: number;
  readonly bodyBytesMax: number;
  /** The load balancer cuts any exchange after 60 minutes. */
  readonly exchangeMsMax: number;
  /** Time from a request's first byte to the end of its headers. */
  readonly headersMsMax: number;
}

const { max: requestsMax, windowMs } = deploymentLimitsOf({}).addresses;
const edgeLimits: EdgeLimits = {
  requestsMax,
  windowMs,
  bodyBytesMax: 32 * 1024 * 1024,
  exchangeMsMax: 60 * 60_000,
  headersMsMax: 10_000,
};

export interface EdgeOptions {
  readonly routes: RouteTable;
  /** The port a function listens on now; null while it is down. */
  readonly portOf: (name: string) => number | null;
  readonly limits?: Partial<EdgeLimits> | undefined;
  readonly port?: number | undefined;
  /** Defaults to 127.0.0.1; a container whose port is published needs another address. */
  readonly bind?: string | undefined;
}

export interface Edge {
  readonly port: number;
  close(): Promise<void>;
}

const headerBytesMax = 16 * 1024;
const headersMax = 100;
const urlLengthMax = 8 * 1024;
/** How often Node checks for late requests; its default is every 30 s. */
const lookForLateEveryMs = 500;
const requestTimeoutMs = 5 * 60_000;
const keepAliveMs = 60_000;
const absoluteForm = /^http:\/\/([^/?#]*)([/?].*)?$/i;
/** Any other name could be a web page's own, pointed at this machine. */
const ownHosts = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

/** Starts the load balancer's part before the functions, on one port. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const limits = { ...edgeLimits, ...options.limits };
  const addresses = new AddressLimit(limits);
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: limits.headersMsMax,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(lookForLateEveryMs, limits.headersMsMax),
    keepAliveTimeout: keepAliveMs,
    // Checked below, with an answer in our own form.
    requireHostHeader: false,
  });
  // Every header is checked; Node would silently drop those above its own maximum.
  server.maxHeadersCount = 0;
  const handle = (request: IncomingMessage, response: ServerResponse, expected: () => void) => {
    if (!takeRequest(request, response, lingerLimits)) return;
    response.on("error", () => response.destroy());
    try {
      checkHost(request);
      admit(response, addresses.take(request.socket.remoteAddress ?? "unknown"));
      const { port, target } = destination(options, request, limits.bodyBytesMax);
      expected();
      forward(request, response, { port, target, ...limits });
    } catch (failure) {
      refuse(request, response, asRefusal(failure));
    }
  };
  server.on("request", (request, response) => handle(request, response, () => undefined));
  // A client that waits for 100 is asked for its body only if it will be passed on.
  server.on("checkContinue", (request, response) =>
    handle(request, response, () => response.writeContinue()),
  );
  // Any other expectation may be ignored (RFC 9110, 10.1.1).
  server.on("checkExpectation", (request, response) => handle(request, response, () => undefined));
  server.on("connect", (_, socket) => refuseRaw(socket, new ApiError("MALFORMED_URL")));
  server.on("clientError", refuseUnparsed);
  const port = await listen(server, options);
  return {
    port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, { port = 0, bind = "127.0.0.1" }: EdgeOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, bind, () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

function checkHost(request: IncomingMessage): void {
  if (valuesOf(request.rawHeaders, "host").length !== 1) throw notHttp();
  if (!ownHosts.test(request.headers.host ?? "")) throw noSuchRoute();
}

/** Sets the headers that every answer carries. @throws {ApiError} RATE_LIMITED. */
function admit(response: ServerResponse, verdict: AddressVerdict): void {
  const headers = {
    "ratelimit-limit": String(verdict.limit),
    "ratelimit-remaining": String(verdict.remaining),
    "ratelimit-reset": String(verdict.resetSeconds),
  };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (verdict.admitted) return;
  throw new ApiError("RATE_LIMITED", { headers: { "retry-after": String(verdict.resetSeconds) } });
}

interface Destination {
  readonly port: number;
  readonly target: EdgeTarget;
}

/** The function to forward to. @throws {ApiError} if there is none for this request. */
function destination(
  options: EdgeOptions,
  request: IncomingMessage,
  bodyBytesMax: number,
): Destination {
  const { url = "", method = "" } = request;
  if (request.rawHeaders.length / 2 > headersMax || url.length > urlLengthMax) {
    throw new ApiError("HEADERS_TOO_LARGE");
  }
  const target = edgeTarget(request);
  const name = functionFor(options.routes, method, target.path);
  if (Number(request.headers["content-length"] ?? 0) > bodyBytesMax) {
    throw new ApiError("PAYLOAD_TOO_LARGE");
  }
  const port = options.portOf(name);
  if (port === null) throw new ApiError("UNAVAILABLE", { headers: { "retry-after": "1" } });
  return { port, target };
}

/**
 * The origin form, or the absolute form for this machine, whose authority overrides `Host` (RFC
 * 9112, 3.2.2). Other forms are for proxies, or attacks.
 */
function edgeTarget({ url = "", headers: { host = "" } }: IncomingMessage): EdgeTarget {
  const [, authority, rest = ""] = absoluteForm.exec(url) ?? [];
  if (authority === undefined) return { host, path: url };
  if (!ownHosts.test(authority)) throw new ApiError("MALFORMED_URL");
  return { host: authority, path: rest.startsWith("/") ? rest : `/${rest}` };
}

function asRefusal(failure: unknown): ApiError {
  return failure instanceof ApiError ? failure : new ApiError("INTERNAL_ERROR", { cause: failure });
}
