import { type IncomingMessage, type ServerResponse, request as send } from "node:http";
import { connect } from "node:net";
import type { Framing } from "#shared/http/framing";
import { requireFraming } from "#shared/pipeline/parse";
import { passOn } from "#shared/pipeline/pass-on";
import { functionRequest } from "./forwarded-headers.ts";

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
  readonly exchangeMsMax: number;
}

/** A body up to this size is sent with its headers; a larger one once the function asks for it. */
const eagerBytesMax = 64 * 1024;

/** Passes a request on to the function that listens on `port`. */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { port, target, ...limits }: Forwarding,
): void {
  const begin = () => {
    const asks = bodyIsLarge(requireFraming(request));
    const { headers, hasBody } = functionRequest(request, target.host, asks);
    const { method = "GET" } = request;
    const { path } = target;
    const createConnection = () => connect({ host: "127.0.0.1", port, noDelay: true });
    return { upstream: send({ createConnection, method, path, headers }), hasBody, asks };
  };
  passOn(request, response, { begin, ...limits });
}

function bodyIsLarge(framing: Framing): boolean {
  return framing.kind === "chunked" || (framing.kind === "length" && framing.bytes > eagerBytesMax);
}
