/**
 * A test's own internet: names, a resolver, and servers that are found at public addresses. The
 * runner checks the public address, and only then is led to the local server.
 */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Server } from "node:net";
import { jobEnvironment } from "#shared/protocol/job";
import type { ClaimReply, NetworkPolicy } from "#shared/protocol/runner";
import { defaultEgressLimits } from "#shared/protocol/runner";
import { makeTestCa, type TestCa } from "./test-ca.ts";
import { TestDns } from "./test-dns.ts";

/** The address of every name without another one. */
export const publicAddress = "93.184.215.14";

export interface TestInternetOptions {
  /** The resolver's answers by name, one per question in turn. */
  readonly names: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Answers over HTTP on port 80 and HTTPS on port 443. */
  readonly serve: RequestListener;
  /** Other servers that are found at the public address, by port. */
  readonly servers?: Readonly<Record<number, Server>>;
}

export class TestInternet {
  readonly dns: TestDns;
  readonly #tls: TestCa;
  readonly #servers: ReadonlyMap<number, Server>;
  #resolver = "";

  constructor({ names, serve, servers = {} }: TestInternetOptions) {
    this.dns = new TestDns(names);
    this.#tls = makeTestCa(Object.keys(names));
    const { cert, key } = this.#tls;
    this.#servers = new Map([
      [80, createServer(serve)],
      [443, createTlsServer({ cert, key }, serve)],
      ...Object.entries(servers).map(([port, server]) => [Number(port), server] as const),
    ]);
  }

  async open(): Promise<this> {
    this.#resolver = await this.dns.listen();
    for (const server of this.#servers.values()) {
      await once(server.listen(0, "127.0.0.1"), "listening");
    }
    return this;
  }

  close(): void {
    this.dns.close();
    for (const server of this.#servers.values()) server.close();
  }

  /** The real port of the server for that port. */
  localPort(port: number): number {
    const address = this.#servers.get(port)?.address();
    if (typeof address !== "object" || address === null) throw new Error(`no server at ${port}`);
    return address.port;
  }

  /** The job's environment that leads a runner here. */
  get environment(): Record<string, string> {
    const dial = [...this.#servers.keys()].map((port) => [
      `${publicAddress}:${port}`,
      `127.0.0.1:${this.localPort(port)}`,
    ]);
    const network = {
      resolver: this.#resolver,
      dial: Object.fromEntries(dial),
      roots: [this.#tls.ca],
    };
    return { [jobEnvironment.testNetwork]: JSON.stringify(network) };
  }

  /** The parts of a claim that make the sandbox's programs trust the servers. */
  claim(network: Partial<NetworkPolicy>): Partial<ClaimReply> {
    const file = "/tmp/test-ca.pem";
    const readers = ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "PIP_CERT"];
    const names = [...readers, "NODE_EXTRA_CA_CERTS", "npm_config_cafile"];
    return {
      network: { mode: "allowlist", allow: [], limits: defaultEgressLimits, ...network },
      environmentVariables: names.map((key) => ({ key, value: file })),
      setupScripts: [`cat >${file} <<'END'\n${this.#tls.ca}END`],
    };
  }
}

/** Entries of an allow-list, `host:port`. */
export function allowing(...entries: string[]): Pick<NetworkPolicy, "mode" | "allow"> {
  const allow = entries.map((entry) => {
    const [host = "", port = ""] = entry.split(":");
    return { host, port: Number(port) };
  });
  return { mode: "allowlist", allow };
}
