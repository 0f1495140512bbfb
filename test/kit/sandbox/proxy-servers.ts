/** Servers behind a proxy, and clients that talk to it by hand. */
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect as connectTcp, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { makeTestCa } from "./test-ca.ts";

export interface Served {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** One server without and one with TLS, whose certificate is for `allowed.test`. */
export class ProxyServers {
  /** Every plain request as it reached the server. */
  readonly served: Served[] = [];
  /** Maps 80 and 443 to the real ports. */
  readonly ports = new Map<number, number>();
  readonly #tls = makeTestCa(["allowed.test"]);
  readonly #plain = createServer(async (request, response) => {
    const { method = "", url = "", rawHeaders } = request;
    // A request that breaks off counts as empty.
    const body = await text(request).catch(() => "");
    this.served.push({ method, url, headers: rawHeaders, body });
    response.setHeader("X-Of-Server", "kept");
    response.end(`served ${url}`);
  });
  readonly #secure = createTlsServer(this.#tls, (request, response) => {
    response.end(`secure ${request.headers.host}`);
  });

  async open(): Promise<void> {
    for (const [port, server] of [[80, this.#plain] as const, [443, this.#secure] as const]) {
      await once(server.listen(0, "127.0.0.1"), "listening");
      this.ports.set(port, portOf(server));
    }
  }

  close(): void {
    this.#plain.close();
    this.#secure.close();
  }

  /**
   * Sends a request through a tunnel; returns the server's answer, or TLS's or the proxy's error.
   */
  async askSecurely(port: number, authority: string, servername: string): Promise<string> {
    const socket = connectTcp(port, "127.0.0.1").on("error", () => undefined);
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    const [first] = await once(socket, "data");
    const answer = first.toString("latin1");
    if (!answer.startsWith("HTTP/1.1 200")) return answer;
    const trusting = { ca: this.#tls.ca, checkServerIdentity: () => undefined };
    const client = connectTls({ socket, servername, ...trusting }).on("error", () => undefined);
    client.write(get("/", `Host: ${servername}`));
    return text(client).catch((error: Error) => error.message);
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

/** A request that ends its connection. */
export function get(target: string, ...headers: readonly string[]): string {
  return [`GET ${target} HTTP/1.1`, ...headers, "Connection: close", "", ""].join("\r\n");
}

/** The rule that a refusal names. */
export function ruleOf(answer: string): string | undefined {
  return /^x-paddock-rule: (\w+)/im.exec(answer)?.[1];
}
