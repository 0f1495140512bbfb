/** The requests of one tunnel to a host that secrets are bound to, one after the other. */
import { Agent, request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { type Duplex, pipeline, Transform } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";
import { Redactor, redact } from "#shared/core/redaction";
import type { RedactionPlan } from "#shared/core/redaction-plan";
import type { Placed } from "./bound-secrets.ts";
import { endToEnd, type Header } from "./end-to-end.ts";
import type { TerminatedTunnel } from "./tls-terminator.ts";

export interface BoundExchangeDeps {
  readonly tunnel: TerminatedTunnel;
  /** Those of this host alone. */
  readonly secrets: readonly Placed[];
  readonly redaction: RedactionPlan;
  readonly roots: readonly string[];
}

const silenceMs = 100;
/** The lengths change with redaction, and what is compressed can't be looked into. */
const writtenAnew = ["accept-encoding", "content-length", "transfer-encoding"];

export class BoundExchange {
  readonly #deps: BoundExchangeDeps;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #outer: TLSSocket | undefined;

  constructor(deps: BoundExchangeDeps) {
    this.#deps = deps;
    this.#agent.createConnection = () => this.#connect();
  }

  carry(request: IncomingMessage, response: ServerResponse): void {
    const why = whyRefused(request, this.#deps.tunnel.name);
    if (why !== null) {
      refuse(response, 421, why);
      return;
    }
    try {
      this.#forward(request, response);
    } catch (error) {
      this.#fail(response, error);
    }
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const { tunnel, secrets } = this.#deps;
    const length = request.headers["content-length"];
    const headers = [
      ...endToEnd(request, writtenAnew).map((header) => withValue(header, secrets)),
      ["accept-encoding", "identity"],
      ...(length === undefined ? [] : [["content-length", length]]),
    ].flat();
    const { method = "GET", url: path = "/" } = request;
    const options = { agent: this.#agent, host: tunnel.name, method, path, headers };
    const outgoing = ask({ ...options, setHost: false });
    outgoing.on("error", (error) => this.#fail(response, error));
    outgoing.on("response", (answer) => {
      try {
        this.#answer(request, response, answer);
      } catch (error) {
        this.#fail(response, error);
      }
    });
    response.once("close", () => outgoing.destroy());
    pipeline(request, this.#metered(), outgoing, () => undefined);
  }

  /** What is said of it was said by a stranger, who may know the secret. */
  #fail(response: ServerResponse, error: unknown): void {
    const { tunnel, redaction } = this.#deps;
    const why = error instanceof Error ? redact(redaction, error.message) : "unknown";
    if (response.headersSent) response.destroy();
    else refuse(response, 502, `${tunnel.name}: ${why}.`);
  }

  /** On the pinned address, once: what the host closes is closed for the client too. */
  #connect(): Duplex {
    if (this.#outer) throw new Error("the host has closed the connection");
    const { tunnel, roots } = this.#deps;
    this.#outer = connect({
      socket: tunnel.upstream,
      servername: tunnel.name,
      ca: [...roots],
      minVersion: "TLSv1.2",
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: true,
    });
    return this.#outer;
  }

  #answer(request: IncomingMessage, response: ServerResponse, answer: IncomingMessage): void {
    const { redaction } = this.#deps;
    const decoders = decodersOf(answer.headers["content-encoding"]);
    if (decoders === null) {
      answer.destroy();
      refuse(response, 502, "The answer's encoding can't be looked into for secrets.");
      return;
    }
    const clean = (text: string) => redact(redaction, text);
    const headers = endToEnd(answer, [...writtenAnew, "content-encoding"]);
    const bodiless = request.method === "HEAD" || [204, 304].includes(answer.statusCode ?? 0);
    response.writeHead(
      answer.statusCode ?? 502,
      clean(answer.statusMessage ?? ""),
      headers.flatMap(([name, value]) => [name, clean(value)]),
    );
    if (bodiless) {
      response.end();
      return;
    }
    response.flushHeaders();
    pipeline([answer, this.#metered(), ...decoders, redacting(redaction), response], (error) => {
      if (error) response.destroy();
    });
  }

  #metered(): Transform {
    const { pass } = this.#deps.tunnel;
    return new Transform({
      transform: (piece: Buffer, _encoding, done) =>
        pass(piece.length) ? done(null, piece) : done(new Error("no more bytes may pass")),
    });
  }
}

export function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(`Paddock: ${why}\n`);
}

/** The inner authority is the tunnel's: names that share a front don't share a secret. */
function whyRefused({ rawHeaders, url = "" }: IncomingMessage, name: string): string | null {
  const hosts = rawHeaders.flatMap((header, index) =>
    index % 2 === 0 && header.toLowerCase() === "host" ? [rawHeaders[index + 1] ?? ""] : [],
  );
  const [host = ""] = hosts;
  const isTunnels = hosts.length === 1 && [name, `${name}:443`].includes(host.toLowerCase());
  if (!isTunnels) return `The Host header must be ${name}, as the tunnel's.`;
  return url.startsWith("/") || url === "*" ? null : "The request's target must be a path.";
}

/** Puts values where their placeholders stand, in the headers they are bound to. */
function withValue([name, value]: Header, secrets: readonly Placed[]): Header {
  const lower = name.toLowerCase();
  const here = secrets.filter(({ headers }) => headers.includes(lower));
  const replaced = (text: string) =>
    here.reduce(
      (before, secret) => before.replaceAll(secret.placeholder, () => secret.value),
      text,
    );
  // A user's name and a password, as git sends them.
  const basic = lower === "authorization" ? /^basic +([A-Za-z0-9+/=]+)$/i.exec(value)?.[1] : null;
  if (!basic) return [name, replaced(value)];
  const decoded = Buffer.from(basic, "base64").toString("utf8");
  return [name, `Basic ${Buffer.from(replaced(decoded)).toString("base64")}`];
}

/** What turns a body into what its client would read; null for an encoding that isn't known. */
function decodersOf(encoding: string | undefined): Duplex[] | null {
  const names = (encoding ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  const decoders: Duplex[] = [];
  for (const name of names.reverse()) {
    if (name === "" || name === "identity") continue;
    const decoder = {
      gzip: createGunzip,
      "x-gzip": createGunzip,
      deflate: createInflate,
      br: createBrotliDecompress,
      zstd: createZstdDecompress,
    }[name];
    if (!decoder) return null;
    decoders.push(decoder());
  }
  return decoders.length > 2 ? null : decoders;
}

/** Bytes in, bytes without secrets out. */
function redacting(plan: RedactionPlan): Transform {
  const redactor = new Redactor(plan);
  let silence: NodeJS.Timeout | undefined;
  const bytesOf = (text: string) => Buffer.from(text, "latin1");
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      clearTimeout(silence);
      silence = setTimeout(() => this.push(bytesOf(redactor.pause())), silenceMs);
      done(null, bytesOf(redactor.write(piece.toString("latin1"))));
    },
    flush(done) {
      clearTimeout(silence);
      done(null, bytesOf(redactor.end()));
    },
    destroy(error, done) {
      clearTimeout(silence);
      done(error);
    },
  });
}
