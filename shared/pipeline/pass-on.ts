/** Passes requests on to functions: what stands before them, locally and in a trial. */
import type {
  ClientRequest,
  IncomingMessage,
  OutgoingHttpHeaders,
  ServerResponse,
} from "node:http";
import { pipeline } from "node:stream";
import { ApiError } from "../errors/api-error.ts";
import { forwardResponse } from "../http/framing.ts";
import { settleBody } from "../http/linger.ts";
import { onceClosed } from "../http/once-closed.ts";
import { refuseStrangeAnswers } from "../http/strange-answers.ts";
import { securityHeaders } from "./headers.ts";
import { lingerLimits, refusalAnswer } from "./raw-refusal.ts";

/** A request to a function that was begun, and whether the client's body belongs to it. */
export interface Begun {
  readonly upstream: ClientRequest;
  readonly hasBody: boolean;
  /** Whether the function asks for the body (100) before it is sent. */
  readonly asks: boolean;
}

export interface Passing {
  readonly begin: () => Begun;
  readonly bodyBytesMax: number;
  /** The limit of the whole exchange, streams included. */
  readonly exchangeMsMax: number;
}

/** A function accepts a connection at once or isn't there. */
const unavailable = () =>
  new ApiError("UNAVAILABLE", {
    message: "The function doesn't answer; whether it did anything isn't known.",
    headers: { "retry-after": "1" },
  });

const remaining = "ratelimit-remaining";
/** What Google's front end says of itself; the next one says it again. */
const ofGoogle = new Set(["alt-svc", "server", "via", "x-cloud-trace-context"]);

/**
 * Answers in the API's own error form.
 * @returns The id of the answer; null if another one had begun.
 */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: ApiError,
): string | null {
  if (response.headersSent) {
    response.destroy();
    return null;
  }
  settleBody(request, response, lingerLimits);
  const { headers, body, requestId } = refusalAnswer(error);
  response.writeHead(error.status, headers);
  response.end(body);
  return requestId;
}

/**
 * Passes a request on and its answer back, unbuffered, at the pace of the slower side. Each request
 * has its own connection to the function: a kept one may be closed just as it is used again, and
 * would carry the bytes of two clients.
 */
export function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  { begin, bodyBytesMax, exchangeMsMax }: Passing,
): void {
  const { upstream, hasBody, asks } = begin();
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
  const fail = () => {
    // Once an answer has begun, only its own end says whether it is complete.
    if (isAnswered || response.writableEnded) return;
    stopCounting();
    refuse(request, response, unavailable());
  };
  upstream.on("error", fail);
  refuseStrangeAnswers(upstream, fail);
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
    refuse(request, response, unavailable());
    return;
  }
  response.flushHeaders();
  // A broken answer is broken off for the client too, so that it doesn't look complete.
  pipeline(answer, response, () => undefined);
}

/**
 * The function's headers override ours, except for limits of an admitted request: the client should
 * see the tighter one.
 */
function mergeHeaders(response: ServerResponse, answer: IncomingMessage): OutgoingHttpHeaders {
  const ours = response.getHeaders();
  const theirs = answerHeaders(answer);
  const tighter = Number(ours[remaining]) < Number(theirs[remaining]);
  if (!tighter || answer.statusCode === 429) return { ...ours, ...theirs };
  const isLimit = (name: string) => name.startsWith("ratelimit-");
  const others = Object.entries(theirs).filter(([name]) => !isLimit(name));
  return { ...ours, ...Object.fromEntries(others) };
}

/** The headers of a function's answer for the client. Cross-origin access is never granted. */
export function answerHeaders(answer: IncomingMessage): OutgoingHttpHeaders {
  const isForeign = (name: string) =>
    name.startsWith("access-control-") || name === "x-powered-by" || ofGoogle.has(name);
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
