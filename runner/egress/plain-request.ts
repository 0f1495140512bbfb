/**
 * Forwards one plain HTTP request. It is parsed strictly and written again, so both sides read the
 * same.
 */
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from "node:http";
import { forwardRequest, forwardResponse } from "#shared/http/framing";
import { type LingerLimits, linger } from "#shared/http/linger";
import { onceClosed } from "#shared/http/once-closed";
import { refuseStrangeAnswers } from "#shared/http/strange-answers";
import type { Pinned } from "./pinned.ts";
import { pipeWithQuota } from "./pipe-with-quota.ts";
import { EgressRefusal } from "./refusal.ts";
import type { Target } from "./request-target.ts";
import { idleTimeoutMs } from "./tunnel.ts";

export interface Carried {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target;
  readonly pinned: Pinned;
  /** Returns false if no more bytes may pass. */
  readonly pass: (bytes: number) => boolean;
}

/** Lets a client that goes on sending read its answer; then it is cut off. */
export const lingerLimits: LingerLimits = { bytesMax: 32 * 1024 * 1024, msMax: 10_000 };

/** Resolves when the answer is complete. @throws {EgressRefusal} Before the answer has begun. */
export function carryRequest(carried: Carried): Promise<void> {
  const { incoming, response, target, pinned, pass } = carried;
  return new Promise((resolve, reject) => {
    const { outgoing, hasBody } = ask(incoming, target, pinned);
    const broken = () => {
      outgoing.destroy();
      if (response.headersSent) response.destroy();
      reject(new EgressRefusal("connect_failed", { address: pinned.address }));
    };
    outgoing.on("error", broken);
    refuseStrangeAnswers(outgoing, broken);
    // The host may close without an error of Node's.
    outgoing.once("close", () => {
      if (!response.headersSent) broken();
    });
    response.on("error", broken);
    pinned.socket.setTimeout(idleTimeoutMs, () => {
      reject(new EgressRefusal("timed_out", { address: pinned.address }));
      pinned.socket.destroy();
    });
    // Also ends a request whose promised bytes never came.
    onceClosed(response, () => {
      outgoing.destroy();
      leaveRest(incoming);
      resolve();
    });
    outgoing.once("response", (answer) => {
      answer.on("error", broken);
      try {
        const { statusCode = 502, statusMessage = "" } = answer;
        response.writeHead(statusCode, statusMessage, forwardResponse(answer).flat());
      } catch {
        return broken();
      }
      pipeWithQuota(answer, response, pass);
    });
    incoming.on("error", broken);
    if (hasBody) pipeWithQuota(incoming, outgoing, pass);
    else outgoing.end();
  });
}

/**
 * If a host answers early, the rest of the body is read and discarded, so it isn't parsed as a
 * request.
 */
function leaveRest(incoming: IncomingMessage): void {
  if (incoming.complete || incoming.socket.destroyed) return;
  incoming.removeAllListeners("data");
  linger(incoming.socket, lingerLimits);
  incoming.resume();
}

interface Outgoing {
  readonly outgoing: ClientRequest;
  readonly hasBody: boolean;
}

/** @throws {FramingError} */
function ask(incoming: IncomingMessage, target: Target, pinned: Pinned): Outgoing {
  const { host, port, path } = target;
  const authority = port === 80 ? host : `${host}:${port}`;
  const { headers, hasBody } = forwardRequest(incoming, { host: authority, keepAlive: false });
  const outgoing = request({
    createConnection: () => pinned.socket,
    method: incoming.method ?? "GET",
    path,
    headers,
    insecureHTTPParser: false,
  });
  return { outgoing, hasBody };
}
