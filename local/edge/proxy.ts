import {
  type Agent,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
  request as send,
} from "node:http";
import { pipeline } from "node:stream";
import { ApiError } from "#shared/errors/api-error";
import { refuse } from "./answers.ts";
import { requestHeaders, responseHeaders } from "./forwarded-headers.ts";

export interface Forwarding {
  readonly agent: Agent;
  readonly port: number;
  readonly bodyBytesMax: number;
  /** Of the whole exchange, streams included. */
  readonly exchangeMsMax: number;
}

/** Functions on this machine answer a connection at once or aren't there. */
const unavailable = () =>
  new ApiError("UNAVAILABLE", {
    message: "The function doesn't answer; whether it did anything isn't known.",
    headers: { "retry-after": "1" },
  });

const remaining = "ratelimit-remaining";
/** A body up to this is sent with its headers; a larger one only once the function asks for it. */
const eagerBytesMax = 64 * 1024;

/** Passes a request on and its answer back, unbuffered, each as fast as the other side reads. */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { agent, port, bodyBytesMax, exchangeMsMax }: Forwarding,
): void {
  const { method = "GET", url: path = "/" } = request;
  const asks = bodyIsLarge(request);
  const headers = { ...requestHeaders(request), ...(asks && { expect: "100-continue" }) };
  const upstream = send({ agent, host: "127.0.0.1", port, method, path, headers });
  const cut = setTimeout(() => response.destroy(), exchangeMsMax);
  // Also when the client goes away: nobody is left to answer.
  response.once("close", () => {
    clearTimeout(cut);
    upstream.destroy();
  });
  upstream.once("error", () => refuse(request, response, unavailable()));
  upstream.once("response", (answer) => {
    // The function has refused: what is left of the body is read off and dropped.
    if (!request.complete) discardBody(request, upstream);
    response.writeHead(answer.statusCode ?? 502, mergeHeaders(response, answer));
    response.flushHeaders();
    // A broken answer breaks off for the client too: it must not look complete.
    pipeline(answer, response, () => undefined);
  });
  boundBody(request, bodyBytesMax, () => {
    refuse(request, response, new ApiError("PAYLOAD_TOO_LARGE"));
    upstream.destroy();
  });
  // Bytes sent to a function that refuses and hangs up would cost the client its answer.
  if (asks) upstream.once("continue", () => request.pipe(upstream)).flushHeaders();
  else request.pipe(upstream);
}

function bodyIsLarge(request: IncomingMessage): boolean {
  const chunked = request.headers["transfer-encoding"] !== undefined;
  return chunked || Number(request.headers["content-length"] ?? 0) > eagerBytesMax;
}

/**
 * What the edge has set already gives way to what the function says, but for the limits of a
 * request that was let in: there the tighter one is what the client should know.
 */
function mergeHeaders(response: ServerResponse, answer: IncomingMessage): OutgoingHttpHeaders {
  const ours = response.getHeaders();
  const theirs = responseHeaders(answer.headers);
  const tighter = Number(ours[remaining]) < Number(theirs[remaining]);
  if (!tighter || answer.statusCode === 429) return { ...ours, ...theirs };
  const isLimit = (name: string) => name.startsWith("ratelimit-");
  const others = Object.entries(theirs).filter(([name]) => !isLimit(name));
  return { ...ours, ...Object.fromEntries(others) };
}

function discardBody(request: IncomingMessage, upstream: NodeJS.WritableStream): void {
  request.unpipe(upstream);
  request.resume();
}

/** Calls `tooLarge` once, when more has come than announced lengths were checked for. */
function boundBody(request: IncomingMessage, bytesMax: number, tooLarge: () => void): void {
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= bytesMax) return;
    request.off("data", count);
    request.unpipe();
    tooLarge();
  };
  // Counting must not start the flow: a body that is to wait stays where it is.
  request.on("data", count).pause();
}
