/** The only way out of a sandbox: an HTTP proxy that decides by name and connects by address. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Server as Listener, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { closeAfterAnswer, linger, stopTaking, takeRequest } from "#shared/http/linger";
import type { NetworkPolicy } from "#shared/protocol/runner";
import {
  type OutboundConnection,
  OutboundConnections,
  type OutboundDeps,
} from "./outbound-connections.ts";
import { carryRequest, lingerLimits } from "./plain-request.ts";
import { answerText, answerTo, EgressRefusal, type RequestedHost, tlsAlert } from "./refusal.ts";
import { absoluteTarget, connectTarget, roughly, tunnelledTarget } from "./request-target.ts";
import type { TlsTerminator } from "./tls-terminator.ts";
import { joinSockets, readOpening } from "./tunnel.ts";

export interface EgressProxyDeps extends OutboundDeps {
  readonly terminator: TlsTerminator | null;
}

const established = "HTTP/1.1 200 Connection established\r\n\r\n";
const headerBytesMax = 32 * 1024;
const headersTimeoutMs = 10_000;
const keepAliveMs = 60_000;
/** Counts idle ones; any more are closed without an answer, long after a rule has refused some. */
const clientsPerConnection = 4;
/** How often Node checks for late requests; its default is every 30 s. */
const lookForLateEveryMs = 500;

export class EgressProxy {
  readonly #policy: NetworkPolicy;
  readonly #terminator: TlsTerminator | null;
  readonly #outbound: OutboundConnections;
  readonly #server: Server;
  readonly #clients = new Set<Duplex>();
  /** The host of each tunnel that carries plain HTTP. */
  readonly #tunnelled = new WeakMap<Duplex, RequestedHost>();

  constructor(deps: EgressProxyDeps) {
    this.#policy = deps.policy;
    this.#terminator = deps.terminator;
    this.#outbound = new OutboundConnections(deps);
    this.#server = createServer({
      insecureHTTPParser: false,
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: 0,
      connectionsCheckingInterval: lookForLateEveryMs,
      keepAliveTimeout: keepAliveMs,
      noDelay: true,
    });
    // Every header is checked; Node would silently drop those above its own maximum.
    this.#server.maxHeadersCount = 0;
    this.#server.maxConnections = deps.policy.limits.connectionsMax * clientsPerConnection;
    this.#server.on("connection", (client: Socket) => this.#watch(client));
    this.#server.on("request", (request, response) => void this.#request(request, response));
    this.#server.on("connect", (request: IncomingMessage, client: Socket, head: Buffer) => {
      void this.#connect(request, client, head);
    });
    this.#server.on("clientError", (_error, client) => this.#unreadable(client));
  }

  /** Takes over a listening socket, which may be in another network namespace. */
  listen(listener: Listener): void {
    this.#server.listen(listener);
  }

  /** Carries an exchange that the sandbox has no part in. @throws {EgressRefusal} */
  async carry(
    asked: RequestedHost,
    exchange: (connection: OutboundConnection) => Promise<void>,
  ): Promise<void> {
    await this.#outbound.attempt("connect", asked, exchange);
  }

  /** Ends every open connection; each gets its end in the log. */
  close(): void {
    this.#server.close();
    this.#outbound.close();
    for (const client of this.#clients) client.destroy();
  }

  #watch(client: Duplex): void {
    if (this.#clients.has(client)) return;
    this.#clients.add(client);
    client.on("error", () => client.destroy());
    client.once("close", () => this.#clients.delete(client));
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!takeRequest(request, response, lingerLimits)) return;
    response.on("error", () => response.destroy());
    const tunnel = this.#tunnelled.get(request.socket);
    let asked: RequestedHost | null = null;
    try {
      const target = tunnel ? tunnelledTarget(request, tunnel) : absoluteTarget(request);
      asked = target;
      await this.#outbound.attempt("http", target, (connection) =>
        carryRequest({ incoming: request, response, target, ...connection }),
      );
    } catch (error) {
      const refusal = refusalOf(error);
      if (asked === null) this.#outbound.refused("http", tunnel ?? roughly(request), refusal);
      if (response.headersSent || response.destroyed) return void response.destroy();
      const answer = answerTo(refusal, asked ?? tunnel ?? roughly(request));
      closeAfterAnswer(request, response, lingerLimits);
      response.writeHead(answer.status, answer.reason, answer.headers);
      response.end(answer.body);
    }
  }

  async #connect(request: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    let asked: RequestedHost | null = null;
    let isOpen = false;
    try {
      const target = connectTarget(request);
      asked = target;
      let isPlain = false;
      await this.#outbound.attempt("connect", target, async ({ host, pinned, pass }) => {
        const { port } = target;
        client.write(established);
        isOpen = true;
        const { socket: upstream } = pinned;
        if (this.#terminator?.wants(host.name, port)) {
          if (head.length > 0) client.unshift(head);
          return this.#terminator.serve({ name: host.name, port, client, upstream, pass });
        }
        if (this.#policy.mode === "internet") {
          client.unshift(head);
          return joinSockets(client, upstream, pass);
        }
        const opening = await readOpening(client, head, host);
        isPlain = opening === "plain";
        if (opening === "tls") await joinSockets(client, upstream, pass);
        if (opening === "empty") client.end();
      });
      // Plain HTTP inside a tunnel is handled like any other; each request has its own connection.
      if (!isPlain) return;
      this.#tunnelled.set(client, target);
      this.#server.emit("connection", client);
      client.resume();
    } catch (error) {
      const refusal = refusalOf(error);
      if (asked === null) this.#outbound.refused("connect", roughly(request), refusal);
      client.write(isOpen ? tlsAlert : answerText(refusal, asked ?? roughly(request)));
      linger(client, lingerLimits);
    }
  }

  #unreadable(client: Duplex): void {
    if (!stopTaking(client)) return;
    // Some clients open connections in advance and never use them, so nothing was asked for.
    if ("bytesRead" in client && client.bytesRead === 0) return void client.destroy();
    const refusal = new EgressRefusal("malformed_request");
    const asked = this.#tunnelled.get(client) ?? { host: "", port: 0 };
    this.#outbound.refused("http", asked, refusal);
    if (client.writable) client.write(answerText(refusal, asked));
    linger(client, lingerLimits);
  }
}

/** Any other error means that our side of the connection broke. */
function refusalOf(error: unknown): EgressRefusal {
  return error instanceof EgressRefusal ? error : new EgressRefusal("connect_failed");
}
