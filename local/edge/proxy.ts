import {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
  request as send,
} from "node:http";
import { connect } from "node:net";
import { pipeline } from "node:stream";
import { ApiError } from "#shared/errors/api-error";
import type { Framing } from "#shared/http/framing";
import { settleBody } from "#shared/http/linger";
import { onceClosed } from "#shared/http/once-closed";
import { requireFraming } from "#shared/pipeline/parse";
import { lingerLimits } from "#shared/pipeline/raw-refusal";
import { refuse } from "./answers.ts";
import { functionRequest, responseHeaders } from "./forwarded-headers.ts";

/** What was asked for, in any form; the function gets its origin form. */
export interface EdgeTarget {
  readonly host: string;
  /** The path with its query. */
  readonly path: string;
}

export interface Forwarding {
  readonly port: number;
  readonly target: EdgeTarget;
  readonly bodyBytesMax: number;
  /** The limit of the whole exchange, streams included. */
  readonly exchangeMsMax: number;
}

/** Functions on this machine accept a connection at once or aren't there. */
const unavailable = () =>
  new ApiError("UNAVAILABLE", {
    message: "The function doesn't answer; whether it did anything isn't known.",
    headers: { "retry-after": "1" },
  });

const remaining = "ratelimit-remaining";
/** A body up to this size is sent with its headers; a larger one once the function asks for it. */
const eagerBytesMax = 64 * 1024;

/**
 * Passes a request on and its answer back, unbuffered, at the pace of the slower side. Each request
 * has its own connection to the function: a kept one may be closed just as it is used again, and
 * would carry the bytes of two clients.
 */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { port, target, bodyBytesMax, exchangeMsMax }: Forwarding,
): void {
  const asks = bodyIsLarge(requireFraming(request));
  const { headers, hasBody } = functionRequest(request, target.host, asks);
  const { method = "GET" } = request;
  const { path } = target;
  const createConnection = () => connect({ host: "127.0.0.1", port, noDelay: true });
  const upstream = send({ createConnection, method, path, headers });
  const cut = setTimeout(() => response.destroy(), exchangeMsMax);
  // Also when the client goes away; then there is nobody to answer.
  onceClosed(response, () => {
    clearTimeout(cut);
    upstream.destroy();
  });
  const stopCounting = hasBody
    ? boundBody(request, bodyBytesMax, () => {
        request.unpipe(upstream);
        refuse(request, response, new ApiError("PAYLOAD_TOO_LARGE"));
        upstream.destroy();
      })
    : () => undefined;
  let isAnswered = false;
  upstream.on("error", () => {
    // Once an answer has begun, only its own end says whether it is complete.
    if (isAnswered || response.writableEnded) return;
    stopCounting();
    refuse(request, response, unavailable());
  });
  upstream.once("response", (answer) => {
    isAnswered = true;
    stopCounting();
    // A function that answers early doesn't want the rest, which is read and dropped.
    request.unpipe(upstream);
    passBack(request, response, answer);
  });
  if (!hasBody) {
    upstream.end();
    return;
  }
  // Sending bytes to a function that refuses and closes would cost the client its answer.
  if (asks) upstream.once("continue", () => request.pipe(upstream)).flushHeaders();
  else request.pipe(upstream);
}

function passBack(request: IncomingMessage, response: ServerResponse, answer: IncomingMessage) {
  if (response.writableEnded) return void answer.destroy();
  try {
    const headers = mergeHeaders(response, answer);
    settleBody(request, response, lingerLimits);
    response.writeHead(answer.statusCode ?? 502, headers);
  } catch {
    answer.destroy();
    return refuse(request, response, unavailable());
  }
  response.flushHeaders();
  // A broken answer is broken off for the client too, so that it doesn't look complete.
  pipeline(answer, response, () => undefined);
}

function bodyIsLarge(framing: Framing): boolean {
  return framing.kind === "chunked" || (framing.kind === "length" && framing.bytes > eagerBytesMax);
}

/**
 * The function's headers override the edge's, except for limits of an admitted request: the client
 * should see the tighter one.
 */
function mergeHeaders(response: ServerResponse, answer: IncomingMessage): OutgoingHttpHeaders {
  const ours = response.getHeaders();
  const theirs = responseHeaders(answer);
  const tighter = Number(ours[remaining]) < Number(theirs[remaining]);
  if (!tighter || answer.statusCode === 429) return { ...ours, ...theirs };
  const isLimit = (name: string) => name.startsWith("ratelimit-");
  const others = Object.entries(theirs).filter(([name]) => !isLimit(name));
  return { ...ours, ...Object.fromEntries(others) };
}

/**
 * Calls `tooLarge` once if a body without a declared length exceeds the limit.
 * @returns A function that ends the counting.
 */
function boundBody(request: IncomingMessage, bytesMax: number, tooLarge: () => void): () => void {
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= bytesMax) return;
    request.off("data", count);
    tooLarge();
  };
  // Counting mustn't start the flow, because a body may have to wait.
  request.on("data", count).pause();
  return () => void request.off("data", count);
}
