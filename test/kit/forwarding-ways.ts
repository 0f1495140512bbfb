/** Every way in which we forward a stranger's HTTP/1, each in front of an upstream of raw bytes. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { createFront } from "#shared/pipeline/front/front-server";
import { routeTableOf } from "#shared/pipeline/route-table";
import { defaultEgressLimits } from "#shared/protocol/runner";
import { routeTable } from "../../local/edge/route-table.ts";
import { startEdge } from "../../local/edge/server.ts";
import { FunctionManifest } from "../../local/functions/manifest.ts";
import { BoundSecrets } from "../../runner/egress/bound-secrets.ts";
import { ExecutionCa } from "../../runner/egress/execution-ca.ts";
import { RawUpstream } from "./raw-upstream.ts";
import { openProxy } from "./sandbox/open-proxy.ts";
import { allowing } from "./sandbox/test-internet.ts";

export interface Way {
  readonly upstream: RawUpstream;
  /** Opens a client's connection to the forwarder. */
  open(): Promise<Duplex>;
  /** How a client writes a path as this forwarder's request target. */
  target(path: string): string;
  readonly host: string;
  /** Methods that have a route there. */
  readonly methods: readonly string[];
  /** How many requests of one client's connection an upstream connection may carry. */
  readonly requestsMax: number;
  close(): Promise<void>;
}

export const allMethods = [
  ...["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"],
] as const;
const routed = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const name = "allowed.test";
export const boundSecret = "sk-0123456789-the-real-value";

export const ways: Readonly<Record<string, () => Promise<Way>>> = {
  "the edge": async () => {
    const upstream = new RawUpstream();
    const upstreamPort = await upstream.listen();
    const paths = ["/things", "/after"];
    const routes = routed.flatMap((method) =>
      paths.map((path) => ({ method, path, paths: [path] })),
    );
    const things = { visibility: "edge", bundle: "functions/x.cjs", routes };
    const functions = { things: { ...things, limits: { timeoutSeconds: 60 } } };
    const edge = await startEdge({
      routes: routeTable(FunctionManifest.parse({ functions })),
      portOf: () => upstreamPort,
      limits: { requestsMax: 1_000_000 },
    });
    return {
      upstream,
      open: () => opened(edge.port),
      target: (path) => path,
      host: "127.0.0.1",
      methods: [...routed, "HEAD"],
      requestsMax: 1,
      async close() {
        upstream.close();
        await edge.close();
      },
    };
  },

  "the front": async () => {
    const upstream = new RawUpstream();
    const upstreamPort = await upstream.listen();
    const listed = routed.map((method) => ({ method, paths: ["/things", "/after"] }));
    const front = createFront({
      routes: routeTableOf({ things: listed }),
      urlOf: () => `http://127.0.0.1:${upstreamPort}`,
      tokenFor: async () => "token",
      perAddress: null,
      now: () => performance.now(),
    });
    await once(front.listen(0, "127.0.0.1"), "listening");
    return {
      upstream,
      open: () => opened(Number(Object(front.address()).port)),
      target: (path) => path,
      host: `127.0.0.1:${upstreamPort}`,
      methods: [...routed, "HEAD"],
      requestsMax: 1,
      async close() {
        upstream.close();
        front.closeAllConnections();
        front.close();
      },
    };
  },

  "the proxy": async () => {
    const upstream = new RawUpstream();
    const upstreamPort = await upstream.listen();
    const proxy = await openProxy({
      policy: {
        ...allowing(`${name}:80`),
        limits: { ...defaultEgressLimits, connectionsPerMinuteMax: 1_000_000 },
      },
      names: { [name]: [["93.184.215.14"]] },
      ports: new Map([[80, upstreamPort]]),
    });
    return {
      upstream,
      open: () => opened(proxy.port),
      target: (path) => `http://${name}${path}`,
      host: name,
      methods: allMethods,
      requestsMax: 1,
      async close() {
        upstream.close();
        proxy.close();
      },
    };
  },

  "the exchange with a bound host": async () => {
    const upstream = new RawUpstream();
    const hostsCa = new ExecutionCa([name], Date.now());
    const secret = { key: "API_KEY", value: boundSecret, hosts: [name], headers: ["x-api-key"] };
    const roots = [hostsCa.certificatePem];
    const bound = new BoundSecrets([secret], { now: Date.now(), roots });
    const host = createTlsServer({
      SNICallback: (_name, done) => done(null, hostsCa.contextFor(name)),
    });
    host.on("secureConnection", (socket) => upstream.take(socket));
    const hostPort = await listening(host);
    const front = createServer({ pauseOnConnect: true }, async (client: Socket) => {
      const outer = connect(hostPort, "127.0.0.1").on("error", () => undefined);
      await once(outer, "connect");
      await bound.serve({ name, port: 443, client, upstream: outer, pass: () => true });
    });
    const frontPort = await listening(front);
    return {
      upstream,
      async open() {
        const socket = await opened(frontPort);
        const inner = connectTls({ socket, servername: name, ca: bound.certificatePem }).on(
          "error",
          () => undefined,
        );
        await once(inner, "secureConnect");
        return inner;
      },
      target: (path) => path,
      host: name,
      methods: allMethods,
      requestsMax: 2,
      async close() {
        upstream.close();
        for (const server of [front, host]) server.close();
      },
    };
  },
};

async function opened(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on(
    "error",
    () => undefined,
  );
  await once(socket, "connect");
  return socket;
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}
