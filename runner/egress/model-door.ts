/**
 * How programs in the sandbox call models: plain HTTP to a socket on their own loopback. The
 * supervisor passes each request on to the model gateway and adds the execution's model token, so
 * that none is inside. The gateway decides what a request may say, and what it costs.
 */
import {
  request as askPlain,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Server as Listener } from "node:net";
import { pipeline } from "node:stream";
import { FramingError, forwardRequest, forwardResponse } from "#shared/http/framing";
import { closeAfterAnswer, settleBody, takeRequest } from "#shared/http/linger";
import { onceClosed } from "#shared/http/once-closed";
import { refuseStrangeAnswers } from "#shared/http/strange-answers";
import { lingerLimits } from "./plain-request.ts";

export interface ModelAccess {
  /** The model gateway's address. */
  readonly url: string;
  readonly token: string;
}

const connectionsMax = 64;
const headersTimeoutMs = 10_000;
/** A model may think for long. */
const silentMsMax = 600_000;
/** As providers' clients write them below a base address, without a way out of it. */
const paths = /^\/(?:anthropic|openai|gemini)(?:\/[A-Za-z0-9][A-Za-z0-9._:-]*)+$/;
/** What a client takes for its provider's key. */
const credentials = new Set(["authorization", "x-api-key", "x-goog-api-key"]);

export class ModelDoor {
  readonly #access: ModelAccess;
  readonly #server: Server;

  constructor(access: ModelAccess) {
    this.#access = access;
    this.#server = createServer(
      { insecureHTTPParser: false, headersTimeout: headersTimeoutMs, requestTimeout: 0 },
      (request, response) => this.#carry(request, response),
    );
    this.#server.maxHeadersCount = 0;
    this.#server.maxConnections = connectionsMax;
  }

  /** Takes over a listening socket, which is in the sandbox's network. */
  listen(listener: Listener): void {
    this.#server.listen(listener);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #carry(request: IncomingMessage, response: ServerResponse): void {
    if (!takeRequest(request, response, lingerLimits)) return;
    response.on("error", () => response.destroy());
    request.on("error", () => response.destroy());
    void this.#pass(request, response).catch((error: unknown) => {
      const { status, message } = answerTo(error);
      if (response.headersSent) return void response.destroy();
      closeAfterAnswer(request, response, lingerLimits);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { type: "invalid_request_error", message } }));
    });
  }

  /** Resolves when the answer has begun. @throws {FramingError} @throws {NoSuchPath} */
  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = new URL(this.#access.url.replace(/(?<!\/)\/+$/, "") + pathOf(request));
    const { headers, hasBody } = forwardRequest(request, {
      host: target.host,
      isDropped: (name) => credentials.has(name),
      added: [["Authorization", `Bearer ${this.#access.token}`]],
      keepAlive: false,
    });
    const ask = target.protocol === "https:" ? (await import("node:https")).request : askPlain;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const outgoing = ask(target, {
      ...{ method: request.method ?? "GET", headers, agent: false, timeout: silentMsMax },
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("silent")));
    outgoing.on("error", reject);
    refuseStrangeAnswers(outgoing, reject);
    onceClosed(response, () => outgoing.destroy());
    outgoing.once("response", (answer) => {
      try {
        settleBody(request, response, lingerLimits);
        response.writeHead(answer.statusCode ?? 502, forwardResponse(answer).flat());
        response.flushHeaders();
        pipeline(answer, response, () => undefined);
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    if (hasBody) request.pipe(outgoing);
    else outgoing.end();
    await promise;
  }
}

function answerTo(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof NoSuchPath) {
    return { status: 400, message: "Models are below /anthropic, /openai/v1 and /gemini." };
  }
  if (error instanceof FramingError) return { status: 400, message: "The request is malformed." };
  return { status: 502, message: "The model gateway can't be reached." };
}

class NoSuchPath extends Error {
  override readonly name = "NoSuchPath";
}

/** The gateway's path; Google's clients put a key into the query, which is left out. */
function pathOf({ url = "/" }: IncomingMessage): string {
  const [path = "", query = ""] = url.split("?");
  if (!paths.test(path)) throw new NoSuchPath();
  const kept = new URLSearchParams(query);
  kept.delete("key");
  const left = kept.toString();
  return `/internal/models${path}${left === "" ? "" : `?${left}`}`;
}
