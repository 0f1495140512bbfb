import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiError } from "#shared/errors/api-error";
import { framingOf } from "#shared/http/framing";
import { closeAfterAnswer } from "#shared/http/linger";
import { lingerLimits, refusalAnswer } from "#shared/pipeline/raw-refusal";

/** A body of this length is sooner read off than its connection opened again. */
const keptBodyBytesMax = 64 * 1024;

/** Answers in the API's own error form. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  prepareEnd(request, response);
  const { headers, body } = refusalAnswer(error);
  response.writeHead(error.status, headers);
  response.end(body);
}

/** Sees to what is left of a request's body; called before its answer's head is written. */
export function prepareEnd(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  if (isReadOff(request)) request.resume();
  else closeAfterAnswer(request, response, lingerLimits);
}

const isSmall = (bytes: number) => bytes <= keptBodyBytesMax;

function isReadOff(request: IncomingMessage): boolean {
  // A client that waited to be asked may send its body or not: only a new connection tells.
  if (request.headers.expect !== undefined) return false;
  try {
    const framing = framingOf(request);
    return framing.kind === "none" || (framing.kind === "length" && isSmall(framing.bytes));
  } catch {
    return false;
  }
}
