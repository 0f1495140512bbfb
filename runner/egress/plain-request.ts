/** Carries one plain HTTP request: read strictly, written anew, so both sides read the same. */
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from "node:http";
import { endToEnd } from "./end-to-end.ts";
import type { Pinned } from "./pinned.ts";
import { pump } from "./pump.ts";
import { Refusal } from "./refusal.ts";
import type { Target } from "./request-target.ts";
import { idleTimeoutMs } from "./tunnel.ts";

export interface Carried {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target;
  readonly pinned: Pinned;
  /** False: no more bytes may pass. */
  readonly pass: (bytes: number) => boolean;
}

/** Resolves when the answer is through. @throws {Refusal} Before the answer has begun. */
export function carryRequest(carried: Carried): Promise<void> {
  const { incoming, response, target, pinned, pass } = carried;
  return new Promise((resolve, reject) => {
    const outgoing = ask(incoming, target, pinned);
    const broken = () => {
      outgoing.destroy();
      if (response.headersSent) response.destroy();
      reject(new Refusal("connect_failed", { address: pinned.address }));
    };
    outgoing.on("error", broken);
    pinned.socket.setTimeout(idleTimeoutMs, () => {
      reject(new Refusal("timed_out", { address: pinned.address }));
      pinned.socket.destroy();
    });
    // Also when it was kept for bytes that never came: what is asked for has an end.
    response.once("close", () => {
      outgoing.destroy();
      resolve();
    });
    outgoing.once("response", (answer) => {
      answer.on("error", broken);
      try {
        response.writeHead(
          answer.statusCode ?? 502,
          answer.statusMessage ?? "",
          // Framed anew.
          endToEnd(answer, ["transfer-encoding"]).flat(),
        );
      } catch {
        return broken();
      }
      pump(answer, response, pass);
    });
    incoming.on("error", broken);
    pump(incoming, outgoing, pass);
  });
}

function ask(incoming: IncomingMessage, target: Target, pinned: Pinned): ClientRequest {
  const { host, port, path } = target;
  const authority = port === 80 ? host : `${host}:${port}`;
  return request({
    createConnection: () => pinned.socket,
    method: incoming.method ?? "GET",
    path,
    headers: ["Host", authority, ...framed(incoming), "Connection", "close"],
    insecureHTTPParser: false,
  });
}

/** What has a body by its nature and comes without says so: else it would be sent in chunks. */
function framed(incoming: IncomingMessage): string[] {
  const { headers, method = "" } = incoming;
  const isFramed = ["content-length", "transfer-encoding"].some((name) => name in headers);
  const isEmpty = !isFramed && ["POST", "PUT", "PATCH"].includes(method);
  return [...endToEnd(incoming, ["host"]).flat(), ...(isEmpty ? ["Content-Length", "0"] : [])];
}
