/** A test's own edge, in front of functions that are a few lines each. */
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect } from "vitest";
import { securityHeaders } from "#shared/pipeline/headers";
import { routeTable } from "../../local/edge/route-table.ts";
import { type Edge, type EdgeLimits, startEdge } from "../../local/edge/server.ts";
import { FunctionManifest } from "../../local/functions/manifest.ts";

const route = (method: string, path: string) => ({ method, path, paths: [`/v1${path}`, path] });
const manifest = FunctionManifest.parse({
  functions: {
    things: {
      visibility: "edge",
      bundle: "functions/things.cjs",
      limits: { timeoutSeconds: 60 },
      routes: [
        route("GET", "/things/:id"),
        route("POST", "/things"),
        route("DELETE", "/things/:id"),
        route("GET", "/files/*"),
        route("POST", "/internal/claimed-by-mistake"),
      ],
    },
    gateway: {
      visibility: "internal",
      bundle: "functions/gateway.cjs",
      limits: { timeoutSeconds: 60 },
      routes: [route("POST", "/internal/executions/claim"), route("GET", "/gateway")],
    },
  },
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** Starts a function's server. */
export async function upstream(listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({ close: () => server.close() && server.closeAllConnections() });
  return server;
}

export const portOf = (server: Server) =>
  Number(Object(server.address()).port satisfies AddressInfo["port"]);

export async function edgeBefore(listener: RequestListener, limits: Partial<EdgeLimits> = {}) {
  const port = portOf(await upstream(listener));
  return edgeTo(() => port, limits);
}

export async function edgeTo(
  portOfName: (name: string) => number | null,
  limits: Partial<EdgeLimits> = {},
) {
  const edge = await startEdge({ routes: routeTable(manifest), portOf: portOfName, limits });
  open.push(edge);
  return edge;
}

/** Answers with what it received. */
export const echo: RequestListener = async (request, response) => {
  const body = await text(request).catch(() => "cut off");
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ ...seen(request), body }));
};
const seen = ({ method, url, headers }: IncomingMessage) => ({ method, url, headers });

export const at = (edge: Edge, path: string) => `http://127.0.0.1:${edge.port}${path}`;

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly localAddress?: string;
}

/** Uses node:http, because fetch forbids some of the headers that matter here. */
export async function get(edge: Edge, path: string, options: Sent = {}) {
  const request = httpRequest({
    host: "127.0.0.1",
    port: edge.port,
    path,
    agent: false,
    ...options,
  });
  const [answer] = await once(request.end(), "response");
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: JSON.parse(await text(answer)),
  };
}

/** Sends bytes unchanged, for requests that no client would send; then ends, or stays silent. */
export async function raw(edge: Edge, bytes: string, ends = true): Promise<string> {
  const socket = connect(edge.port, "127.0.0.1").on("error", () => undefined);
  if (ends) socket.end(bytes);
  else socket.write(bytes);
  return text(socket);
}

/** Expects the headers of every answer of ours, and no permission for other origins. */
export function expectOurs(headers: Record<string, unknown> | Headers) {
  const plain = headers instanceof Headers ? Object.fromEntries(headers) : headers;
  expect(plain).toMatchObject(securityHeaders);
  expect(Object.keys(plain).filter((name) => name.startsWith("access-control"))).toEqual([]);
}
