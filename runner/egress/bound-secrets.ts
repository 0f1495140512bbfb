/**
 * Secrets that are bound to hosts. The sandbox holds placeholders; this code replaces them with the
 * values in the named headers of requests to those hosts only. For that it is the TLS server for
 * the client inside, and the TLS client for the host.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { rootCertificates, TLSSocket } from "node:tls";
import { planRedaction, type RedactionPlan } from "#shared/core/redaction/plan";
import { linger, stopTaking } from "#shared/http/linger";
import type { BoundSecret } from "#shared/protocol/bound-secret";
import { BoundExchange, refuse } from "./bound-exchange.ts";
import { ExecutionCa } from "./execution-ca.ts";
import type { PlacedSecret } from "./insert-secrets.ts";
import { lingerLimits } from "./plain-request.ts";
import type { TerminatedTunnel, TlsTerminator } from "./tls-terminator.ts";

const malformed = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const httpsPort = 443;
const handshakeTimeoutMs = 10_000;
const headersTimeoutMs = 10_000;
const lookForLateEveryMs = 500;
const idleTimeoutMs = 600_000;

export interface BoundSecretsDeps {
  readonly now: number;
  /** The roots that hosts' certificates are checked with, instead of the usual ones. */
  readonly roots?: readonly string[];
}

export class BoundSecrets implements TlsTerminator {
  /** PEM: the certificate that clients inside must trust besides the usual roots. */
  readonly certificatePem: string;
  /** The placeholders that programs inside find in their variables. */
  readonly placeholders: Readonly<Record<string, string>>;
  readonly #placed: readonly PlacedSecret[];
  readonly #ca: ExecutionCa;
  readonly #roots: readonly string[];
  readonly #redaction: RedactionPlan;
  readonly #server;
  readonly #exchanges = new WeakMap<object, BoundExchange>();

  constructor(
    secrets: readonly BoundSecret[],
    { now, roots = rootCertificates }: BoundSecretsDeps,
  ) {
    this.#placed = secrets.map((secret) => ({ ...secret, placeholder: newPlaceholder() }));
    const pairs = this.#placed.map(({ key, placeholder }) => [key, placeholder]);
    this.placeholders = Object.fromEntries(pairs);
    const hosts = secrets.flatMap((secret) => secret.hosts.map((host) => host.replace("*.", "")));
    this.#ca = new ExecutionCa([...new Set(hosts)], now);
    this.certificatePem = this.#ca.certificatePem;
    this.#roots = roots;
    // Header names ignore case and some hosts change it, so lower-case forms are redacted, too.
    const small = secrets.map(({ key, value }) => ({ key, value: value.toLowerCase() }));
    this.#redaction = planRedaction([...secrets, ...small], "bytes");
    this.#server = createServer(
      {
        requireHostHeader: true,
        headersTimeout: headersTimeoutMs,
        connectionsCheckingInterval: lookForLateEveryMs,
      },
      (request, response) => this.#carry(request, response),
    );
    // The server receives connections without listening, but Node only checks for late requests
    // after this event.
    this.#server.emit("listening");
    // Every header is checked; Node would silently drop those above its own maximum.
    this.#server.maxHeadersCount = 0;
    // The TLS socket's own idle timeout doesn't see the traffic; the server's end has one.
    this.#server.timeout = idleTimeoutMs;
    // The execution's own time limit bounds an upload.
    this.#server.requestTimeout = 0;
    this.#server.on("clientError", (_error, socket) => {
      if (!stopTaking(socket)) return;
      if (socket.writable) socket.write(malformed);
      linger(socket, lingerLimits);
    });
  }

  wants(name: string, port: number): boolean {
    return port === httpsPort && this.#placed.some((secret) => isBoundTo(secret, name));
  }

  async serve(tunnel: TerminatedTunnel): Promise<void> {
    const { name, client, upstream } = tunnel;
    const secureContext = this.#ca.contextFor(name);
    const inner = new TLSSocket(client, {
      isServer: true,
      secureContext,
      ALPNProtocols: ["http/1.1"],
      // A server name other than the tunnel's would be answered for a host that wasn't checked.
      SNICallback: (asked, answer) =>
        asked.toLowerCase() === name
          ? answer(null, secureContext)
          : answer(new Error("the name isn't the tunnel's")),
    });
    const over = Promise.withResolvers<void>();
    for (const side of [inner, client, upstream]) {
      side.on("error", () => side.destroy());
      side.once("close", over.resolve);
    }
    const late = setTimeout(() => inner.destroy(), handshakeTimeoutMs);
    inner.once("secure", () => {
      clearTimeout(late);
      // The callback isn't called for a hello without a name.
      if (typeof inner.servername !== "string" || inner.servername === "") inner.destroy();
    });
    const secrets = this.#placed.filter((secret) => isBoundTo(secret, name));
    const redaction = this.#redaction;
    const exchange = new BoundExchange({ tunnel, secrets, redaction, roots: this.#roots });
    this.#exchanges.set(inner, exchange);
    this.#server.emit("connection", inner);
    await over.promise;
    clearTimeout(late);
    for (const side of [inner, client, upstream]) side.destroy();
  }

  #carry(request: IncomingMessage, response: ServerResponse): void {
    const exchange = this.#exchanges.get(request.socket);
    if (exchange) exchange.carry(request, response);
    else refuse(response, 502, "The tunnel is gone.");
  }
}

/** Random, so no two executions share one and no secret looks like it. */
function newPlaceholder(): string {
  return `paddock-bound-${randomBytes(20).toString("hex")}`;
}

function isBoundTo({ hosts }: BoundSecret, name: string): boolean {
  return hosts.some((host) =>
    host.startsWith("*.") ? name.endsWith(host.slice(1)) : name === host,
  );
}
