/** Sends a fuzzed request over a connection that is kept. */
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import type { FuzzedRequest } from "./arbitrary-request.ts";
import type { KnownIds } from "./ids.ts";

export interface FuzzedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Whether the body is a stream that was left before its end. */
  readonly left: boolean;
}

export interface SendOptions {
  readonly baseUrl: string;
  readonly credentials: Readonly<Record<FuzzedRequest["credential"], readonly string[]>>;
  readonly ids: KnownIds;
}

export interface Wire {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn, so that a name may come twice. */
  readonly headers: readonly string[];
  readonly payload: Buffer | null;
}

/** How long a stream is read. */
const streamMsMax = 500;
const answerMsMax = 60_000;

export function wireOf(
  fuzzed: FuzzedRequest,
  { ids, credentials }: Omit<SendOptions, "baseUrl">,
): Wire {
  const { described, body, prefixed } = fuzzed;
  const values = ids.fill(fuzzed.path) as Record<string, unknown>;
  const filled = described.path.replace(/\{(\w+)\}/g, (_, name) => inPath(values[name]));
  const path = prefixed ? filled : filled.replace(/^\/v1(?=\/)/, "");
  const query = new URLSearchParams(
    fuzzed.query.map(([name, value]): [string, string] => [name, inQuery(ids.fill(value))]),
  ).toString();
  const [type, payload] = payloadOf(body, ids);
  const headers = [
    ...credentials[fuzzed.credential],
    ...(type === null ? [] : ["content-type", type]),
    ...(payload === null ? [] : ["content-length", String(payload.length)]),
    ...fuzzed.headers.flat(),
  ];
  return {
    method: described.method,
    path: query === "" ? path : `${path}?${query}`,
    headers,
    payload,
  };
}

function inPath(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  // A dot alone would change the path before it is sent.
  const escaped = encodeURIComponent(text.toWellFormed()).replace(/^\.+$/, "%2e");
  return escaped === "" ? "%20" : escaped;
}

function inQuery(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed();
}

function payloadOf(body: FuzzedRequest["body"], ids: KnownIds): [string | null, Buffer | null] {
  if (body.kind === "none") return [null, null];
  if (body.kind === "text") return [body.type, Buffer.from(body.text)];
  if (body.kind === "json")
    return [body.type, Buffer.from(JSON.stringify(ids.fill(body.value)) ?? "")];
  const lines = [
    "--fuzz",
    `content-disposition: form-data; name="file"; filename="${body.name}"`,
    "",
    body.bytes,
    "--fuzz",
    'content-disposition: form-data; name="path"',
    "",
    body.path,
    "--fuzz--",
    "",
  ];
  return ["multipart/form-data; boundary=fuzz", Buffer.from(lines.join("\r\n"))];
}

/** The connection ended inside of an answer. */
export class BrokenOff extends Error {
  override readonly name = "BrokenOff";

  constructor(status: number, seconds: number) {
    super(`an answer of ${status} broke off after ${seconds} s`);
  }
}

/** Connections from one address. */
export class Connections {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  readonly #baseUrl: URL;
  readonly #localAddress: string;

  constructor(baseUrl: string, localAddress: string) {
    this.#baseUrl = new URL(baseUrl);
    this.#localAddress = localAddress;
  }

  close(): void {
    this.#agent.destroy();
  }

  async send({ method, path, headers, payload }: Wire): Promise<FuzzedAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<FuzzedAnswer>();
    const beganAt = performance.now();
    const outgoing = request({
      agent: this.#agent,
      host: this.#baseUrl.hostname,
      port: this.#baseUrl.port,
      localAddress: this.#localAddress,
      method,
      path,
      headers: ["host", this.#baseUrl.host, ...headers],
      timeout: answerMsMax,
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer came in time")));
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const { statusCode: status = 0 } = incoming;
      const chunks: Buffer[] = [];
      const done = (left: boolean) =>
        resolve({
          status,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString(),
          left,
        });
      const isStream = incoming.headers["content-type"] === "text/event-stream";
      const leaving = isStream
        ? setTimeout(() => {
            done(true);
            outgoing.destroy();
          }, streamMsMax)
        : null;
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", () => {
        reject(new BrokenOff(status, Math.round((performance.now() - beganAt) / 1_000)));
      });
      incoming.on("end", () => {
        if (leaving) clearTimeout(leaving);
        done(false);
      });
    });
    outgoing.end(payload ?? undefined);
    return await promise;
  }
}
