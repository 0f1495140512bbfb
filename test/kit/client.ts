/**
 * An API client that can also be rude. It uses node:http, so that nothing is corrected on the way.
 */
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";
import { expect } from "vitest";
import { cloud } from "./cloud.ts";
import { checkReply } from "./reply-check.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. @throws if it isn't. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it.
  readonly json: any;
  readonly bytes: Buffer;
}

export interface Sent {
  readonly method?: string;
  readonly key?: string | null;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: unknown;
  /** Sent unchanged instead of `body`. */
  readonly raw?: Buffer | string;
  /** Called with all text that has arrived so far. */
  readonly onText?: (text: string) => void;
  /** Used instead of the edge. */
  readonly baseUrl?: string;
  readonly signal?: AbortSignal;
}

const addresses = new Map<string, string>();

/** Each test file uses its own address, so that none uses up another's limit. */
function ownAddress(): string {
  const file = expect.getState().testPath ?? "";
  const known = addresses.get(file);
  if (known !== undefined) return known;
  const byte = () => 1 + Math.floor(Math.random() * 250);
  const address = `127.${byte()}.${byte()}.2`;
  addresses.set(file, address);
  return address;
}

export async function send(
  path: string,
  sent: Sent & { localAddress?: string } = {},
): Promise<Answer> {
  const { key, body, raw } = sent;
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const headers: OutgoingHttpHeaders = {
    ...(key ? { authorization: `Bearer ${key}` } : {}),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(payload === undefined || sent.headers?.["transfer-encoding"]
      ? {}
      : { "content-length": Buffer.byteLength(payload) }),
    ...sent.headers,
  };
  const method = sent.method ?? (payload === undefined ? "GET" : "POST");
  return await new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, sent.baseUrl ?? cloud().baseUrl), {
      method,
      headers,
      localAddress: sent.localAddress ?? ownAddress(),
      agent: false,
      ...(sent.signal ? { signal: sent.signal } : {}),
    });
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        sent.onText?.(Buffer.concat(chunks).toString());
      });
      incoming.on("error", reject);
      incoming.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const answered = answer(incoming.statusCode ?? 0, incoming.headers, bytes);
        try {
          checkReply(method, path, answered);
          resolve(answered);
        } catch (error) {
          reject(error);
        }
      });
    });
    outgoing.on("error", reject);
    outgoing.end(payload);
  });
}

function answer(status: number, headers: IncomingHttpHeaders, bytes: Buffer): Answer {
  const isStream = headers["content-type"] === "text/event-stream";
  const text = isStream ? withoutComments(bytes.toString()) : bytes.toString();
  return {
    status,
    headers,
    text,
    bytes,
    get json() {
      return JSON.parse(text);
    },
  };
}

/**
 * Removes comments, which a waiting stream sends every fifteen seconds. Their number depends on the
 * machine, so only the rest is the same for two readers of the same events.
 */
export function withoutComments(text: string): string {
  return text.replaceAll(": keep-alive\n\n", "");
}

/**
 * The events of a server-sent stream: each `data:` line's JSON, with its `id:` as `eventId` and the
 * number at the end of that as `id`.
 */
// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it.
export function eventsOf(text: string): any[] {
  return text
    .split("\n\n")
    .filter((block) => block.includes("data: "))
    .map((block) => {
      const lines = block.split("\n");
      const eventId = lines.find((line) => line.startsWith("id: "))?.slice(4);
      const data = lines.find((line) => line.startsWith("data: "))?.slice(6) ?? "";
      return { ...JSON.parse(data), eventId, id: Number(eventId?.split(".").at(-1)) };
    });
}

/** A form with one file, as browsers and SDKs send it. */
export function multipart(file: { name: string; bytes: Buffer | string; path?: string }) {
  const boundary = "paddock-test-boundary";
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${file.name}"\r\ncontent-type: application/octet-stream\r\n\r\n`;
  const field =
    file.path === undefined
      ? ""
      : `\r\n--${boundary}\r\ncontent-disposition: form-data; name="path"\r\n\r\n${file.path}`;
  const raw = Buffer.concat([
    Buffer.from(head),
    Buffer.from(file.bytes),
    Buffer.from(`${field}\r\n--${boundary}--\r\n`),
  ]);
  return { raw, headers: { "content-type": `multipart/form-data; boundary=${boundary}` } };
}
