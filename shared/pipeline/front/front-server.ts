/**
 * What stands before the functions where no load balancer does: it finds the function by the
 * request's path, counts requests by address, and calls the function as an account that may. It
 * holds no data and decides nothing about a caller: the functions do, as everywhere.
 */
import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  type Server,
  type ServerResponse,
  request as sendPlain,
} from "node:http";
import { request as sendSealed } from "node:https";
import { isIPv6 } from "node:net";
import type { WindowLimit } from "../../core/limits/sliding-window.ts";
import { clientNetwork } from "../../core/network/address-range.ts";
import { ApiError } from "../../errors/api-error.ts";
import { forwardRequest } from "../../http/framing.ts";
import { limitHeaders } from "../../limits/limit-headers.ts";
import { RequestLimiter } from "../../limits/request-limiter.ts";
import { createFunctionServer } from "../function-server.ts";
import { requireFraming } from "../parse.ts";
import { passOn, refuse } from "../pass-on.ts";
import { userAgentOf } from "../request-facts.ts";
import { logRequest } from "../request-log.ts";
import { asRefusal } from "../respond.ts";
import { functionFor, type RouteTable } from "../route-table.ts";

export interface Front {
  readonly routes: RouteTable;
  /** The address of a function's service, which is also the audience of tokens for it. */
  readonly urlOf: (name: string) => string;
  /** A token that lets us call the service at that address. */
  readonly tokenFor: (url: string) => Promise<string>;
  /** What one address may send; null for callers that are ours. */
  readonly perAddress: WindowLimit | null;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** As before functions elsewhere (`local/edge/server.ts`, Cloud Run's own limits). */
const limits = { bodyBytesMax: 32 * 1024 * 1024, exchangeMsMax: 60 * 60_000 };
const deadlines = { headersMsMax: 10_000, requestMsMax: 5 * 60_000 };
const headersMax = 100;
const urlLengthMax = 8 * 1024;
/** Cloud Run takes the caller's own token from here and leaves `Authorization` to the function. */
const ourToken = "X-Serverless-Authorization";
/** We say these ourselves: a client's `Connection` could name them, and they would be left out. */
const ownHeaders = new Set([ourToken.toLowerCase(), "x-forwarded-for"]);

export function createFront(front: Front): Server {
  const limiter = new RequestLimiter(front.now);
  return createFunctionServer((request, response, expected) => {
    response.on("error", () => response.destroy());
    const startedAt = performance.now();
    take(front, limiter, { request, response, expected }).catch((failure) => {
      const error = asRefusal(failure);
      const requestId = refuse(request, response, error);
      // What is passed on, the function logs.
      if (requestId !== null) logRefused(request, response, { requestId, error, startedAt });
    });
  }, deadlines);
}

function logRefused(
  request: IncomingMessage,
  response: ServerResponse,
  { requestId, error, startedAt }: { requestId: string; error: ApiError; startedAt: number },
): void {
  const { method = "" } = request;
  const caller = { address: addressOf(request), userAgent: userAgentOf(request) };
  const nobody = { callerId: null, ownerId: null };
  logRequest(
    { requestId, method, route: "unknown", ...caller, ...nobody, error },
    response,
    startedAt,
  );
}

/** Google's front end appends the caller's address to what the caller wrote. */
function addressOf({ headers, socket }: IncomingMessage): string {
  const seen = String(headers["x-forwarded-for"] ?? "").split(",");
  return seen.at(-1)?.trim() || (socket.remoteAddress ?? "unknown");
}

interface Taken {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly expected: () => void;
}

async function take(
  front: Front,
  limiter: RequestLimiter,
  { request, response, expected }: Taken,
): Promise<void> {
  if (front.perAddress !== null) {
    const address = addressOf(request);
    // Who has one address of IPv6 has a whole network of them.
    const subject = isIPv6(address) ? clientNetwork(address) : address;
    const claim = { subject, limit: front.perAddress, noun: "requests of one address" };
    const { state } = limiter.take([claim]);
    for (const [name, value] of Object.entries(state ? limitHeaders(state) : {})) {
      response.setHeader(name, value);
    }
  }
  const { method = "GET", url = "/" } = request;
  if (request.rawHeaders.length / 2 > headersMax || url.length > urlLengthMax) {
    throw new ApiError("HEADERS_TOO_LARGE");
  }
  const target = front.urlOf(functionFor(front.routes, method, url));
  const framing = requireFraming(request);
  if (framing.kind === "length" && framing.bytes > limits.bodyBytesMax) {
    throw new ApiError("PAYLOAD_TOO_LARGE");
  }
  const token = await front.tokenFor(target);
  expected();
  passOn(request, response, { begin: () => begin(request, target, token), ...limits });
}

/**
 * The request as it came, with our token in the header of Cloud Run's own. Its `X-Forwarded-For` is
 * left as Google's front end made it, which appends our address to it on the way to the function.
 */
function begin(request: IncomingMessage, target: string, token: string) {
  const { protocol, hostname, port, host } = new URL(target);
  const chain = request.headers["x-forwarded-for"];
  const { headers, hasBody } = forwardRequest(request, {
    host,
    isDropped: (name) => ownHeaders.has(name) || name.startsWith("x-paddock-"),
    added: [
      [ourToken, `Bearer ${token}`],
      ...(chain === undefined ? [] : [["X-Forwarded-For", String(chain)] as const]),
    ],
    keepAlive: false,
  });
  const { method = "GET", url = "/" } = request;
  const options: RequestOptions = { hostname, port, method, path: url, headers, agent: false };
  const upstream: ClientRequest = protocol === "https:" ? sendSealed(options) : sendPlain(options);
  return { upstream, hasBody, asks: false };
}
