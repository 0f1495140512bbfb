/** The requests of one tunnel to a host with bound secrets, one after another. */
import {
  Agent,
  request as ask,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import { pipeline, Transform } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import type { RedactionPlan } from "#shared/core/redaction/plan";
import { redact } from "#shared/core/redaction/redaction";
import {
  type ForwardedRequest,
  FramingError,
  forwardRequest,
  valuesOf,
} from "#shared/http/framing";
import { closeAfterAnswer, settleBody, takeRequest } from "#shared/http/linger";
import { onceClosed } from "#shared/http/once-closed";
import { refuseStrangeAnswers } from "#shared/http/strange-answers";
import { guardAnswer } from "./answer-guard.ts";
import { insertSecrets, type PlacedSecret } from "./insert-secrets.ts";
import { lingerLimits } from "./plain-request.ts";
import type { TerminatedTunnel } from "./tls-terminator.ts";

export interface BoundExchangeDeps {
  readonly tunnel: TerminatedTunnel;
  /** The secrets of this host only. */
  readonly secrets: readonly PlacedSecret[];
  readonly redaction: RedactionPlan;
  readonly roots: readonly string[];
}

/** A request that isn't passed on, and why. */
class NotCarried extends Error {
  override readonly name = "NotCarried";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export class BoundExchange {
  readonly #deps: BoundExchangeDeps;
  /** Sends one request at a time over one connection; pipelined requests wait. */
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #outer: TLSSocket | undefined;

  constructor(deps: BoundExchangeDeps) {
    this.#deps = deps;
    // The agent calls this when a request's turn comes, where an exception couldn't be caught.
    this.#agent.createConnection = (_options, done) => {
      const made = this.#connect();
      if (made === null) done?.(new Error("the host has closed the connection"), null as never);
      return made;
    };
  }

  carry(request: IncomingMessage, response: ServerResponse): void {
    if (!takeRequest(request, response, lingerLimits)) return;
    for (const side of [request, response]) side.on("error", () => response.destroy());
    try {
      this.#forward(request, response);
    } catch (error) {
      this.#fail(response, error);
    }
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const forwarded = this.#judge(request);
    const { method = "GET", url: path = "/" } = request;
    const options = { agent: this.#agent, host: this.#deps.tunnel.name, method, path };
    const outgoing = ask({ ...options, headers: forwarded.headers });
    // The agent looks only at this property, not at the headers.
    outgoing.shouldKeepAlive = forwarded.reusable;
    const fail = (error: Error) => this.#fail(response, error);
    let isAnswered = false;
    outgoing.on("error", (error) => {
      // Once an answer has begun, only its own end says whether it is complete.
      if (!isAnswered) fail(error);
    });
    refuseStrangeAnswers(outgoing, fail);
    outgoing.once("close", () => {
      if (!isAnswered) fail(new Error("the host has closed the connection"));
    });
    outgoing.once("response", (answer) => {
      isAnswered = true;
      // The tunnel stands for one connection, so it ends when that one can't be reused.
      if (!forwarded.reusable || !outgoing.shouldKeepAlive) response.shouldKeepAlive = false;
      this.#answer(request, response, answer);
    });
    onceClosed(response, () => outgoing.destroy());
    this.#send(request, outgoing, forwarded);
  }

  /** @throws {NotCarried} */
  #judge(request: IncomingMessage): ForwardedRequest {
    const { tunnel, secrets } = this.#deps;
    requireTunnels(request, tunnel.name);
    try {
      return forwardRequest(request, {
        host: tunnel.name,
        // Compressed answers couldn't be searched for secrets.
        isDropped: (name) => name === "accept-encoding",
        added: [["Accept-Encoding", "identity"]],
        withValue: (header) => insertSecrets(header, secrets),
        keepAlive: true,
      });
    } catch (error) {
      if (error instanceof FramingError) throw new NotCarried(400, error.message);
      throw error;
    }
  }

  #send(request: IncomingMessage, outgoing: ClientRequest, { hasBody }: ForwardedRequest): void {
    if (hasBody) pipeline(request, this.#metered(), outgoing, () => undefined);
    else outgoing.end();
  }

  /** The error's message comes from a stranger who may know the secret, so it isn't shown. */
  #fail(response: ServerResponse, error: unknown): void {
    const { tunnel, redaction } = this.#deps;
    if (error instanceof NotCarried) return void refuse(response, error.status, error.message);
    const why = error instanceof Error ? redact(redaction, error.message) : "unknown";
    refuse(response, 502, `${tunnel.name}: ${why}.`);
  }

  /** Connects to the pinned address once; if the host closes, the client's side closes, too. */
  #connect(): TLSSocket | null {
    if (this.#outer) return null;
    const { tunnel, roots } = this.#deps;
    this.#outer = connect({
      socket: tunnel.upstream,
      servername: tunnel.name,
      ca: [...roots],
      minVersion: "TLSv1.2",
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: true,
    });
    // Errors may also come between two requests, and before the first.
    this.#outer.on("error", () => undefined);
    return this.#outer;
  }

  #answer(request: IncomingMessage, response: ServerResponse, answer: IncomingMessage): void {
    answer.on("error", () => undefined);
    // Headers alone use up what may pass, too.
    if (!this.#deps.tunnel.pass(0)) return;
    try {
      const isHead = request.method === "HEAD";
      const guarded = guardAnswer(answer, this.#deps.redaction, isHead);
      settleBody(request, response, lingerLimits);
      response.writeHead(guarded.status, guarded.reason, guarded.headers.flat());
      const isBodiless = isHead || [204, 304].includes(guarded.status);
      if (isBodiless) {
        answer.resume();
        response.end();
        return;
      }
      response.flushHeaders();
      pipeline([answer, this.#metered(), ...guarded.body, response], (error) => {
        if (error) response.destroy();
      });
    } catch (error) {
      answer.destroy();
      this.#fail(response, error);
    }
  }

  #metered(): Transform {
    const { pass } = this.#deps.tunnel;
    return new Transform({
      transform: (piece: Buffer, _encoding, done) =>
        pass(piece.length) ? done(null, piece) : done(new Error("no more bytes may pass")),
    });
  }
}

/** Never throws, because it is called where a failure has been handled already. */
export function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  try {
    closeAfterAnswer(response.req, response, lingerLimits);
    const headers = { "content-type": "text/plain; charset=utf-8" };
    response.writeHead(status, STATUS_CODES[status] ?? "", headers);
    response.end(`Paddock: ${why}\n`);
  } catch {
    response.destroy();
  }
}

/**
 * The inner Host must be the tunnel's: names on a shared front don't share secrets.
 * @throws {NotCarried}
 */
function requireTunnels({ rawHeaders, url = "" }: IncomingMessage, name: string): void {
  const hosts = valuesOf(rawHeaders, "host");
  const [host = ""] = hosts;
  const isTunnels = hosts.length === 1 && [name, `${name}:443`].includes(host.toLowerCase());
  if (!isTunnels) throw new NotCarried(421, `The Host header must be ${name}, as the tunnel's.`);
  if (url.startsWith("/") || url === "*") return;
  throw new NotCarried(421, "The request's target must be a path.");
}
