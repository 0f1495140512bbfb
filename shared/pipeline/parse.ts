/** Doubts what came in: path, query and body against the route's schemas. */
import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { ApiError } from "../errors/api-error.ts";
import { type Framing, FramingError, framingOf, hasBody } from "../http/framing.ts";
import { readOffBytesMax } from "../http/linger.ts";
import { notHttp } from "./raw-refusal.ts";
import type { Route } from "./route.ts";

/** Deeper JSON than this has no use here, and recursion over it would not end well. */
const jsonDepthMax = 40;
const issuesShownMax = 20;

/** An id that can't exist is answered like one that doesn't. */
export function parseParams<P>(schema: z.ZodType<P>, params: unknown): P {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  throw new ApiError("NOT_FOUND");
}

export function parseQuery<Q>(schema: z.ZodType<Q>, query: URLSearchParams): Q {
  return validated(schema, Object.fromEntries(query), "query");
}

export function validated<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, issuesShownMax);
  const details = issues.map(({ path, message }) => ({
    field: path.length > 0 ? path.join(".") : where,
    message,
  }));
  const [first] = details;
  const message = `Mend ${first?.field}: ${first?.message}.`;
  throw new ApiError("VALIDATION_FAILED", { message, details });
}

/**
 * What the head says of the body: refused here before a byte is read if it is too long, or encoded.
 * A route that takes none ignores a short one: it means nothing (RFC 9110, 9.3.1).
 */
export function checkBodyHead(
  request: IncomingMessage,
  takes: Pick<Route, "body" | "bodyBytesMax">,
) {
  const framing = requireFraming(request);
  const bytesMax = takes.body === "none" ? readOffBytesMax : takes.bodyBytesMax;
  if (framing.kind === "length" && framing.bytes > bytesMax) throw tooLarge(bytesMax);
  if (takes.body !== "none" && hasBody(framing)) requireUnencoded(request);
}

/** @throws {ApiError} `VALIDATION_FAILED` */
export function requireFraming(request: IncomingMessage): Framing {
  try {
    return framingOf(request);
  } catch (cause) {
    if (cause instanceof FramingError) throw notHttp(cause);
    throw cause;
  }
}

function requireUnencoded({ headers }: IncomingMessage): void {
  const encoding = (headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return;
  throw new ApiError("UNSUPPORTED_MEDIA_TYPE", {
    message: "Send the body without a Content-Encoding.",
    headers: { "accept-encoding": "identity" },
  });
}

function tooLarge(bytesMax: number): ApiError {
  const message = `This route takes bodies of at most ${bytesMax} bytes.`;
  return new ApiError("PAYLOAD_TOO_LARGE", { message });
}

export async function readBytes(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  // Left half-read it must live: what is left of it is read off before the connection ends.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    total += chunk.length;
    if (total > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The JSON body against `schema`; a body that isn't there counts as `{}`. */
export async function readJson<B>(
  request: IncomingMessage,
  schema: z.ZodType<B>,
  options: { readonly bytesMax: number; readonly contentType: string | undefined },
): Promise<B> {
  const bytes = await readBytes(request, options.bytesMax);
  if (bytes.length === 0) return validated(schema, {}, "body");
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(options.contentType ?? "")) {
    throw new ApiError("UNSUPPORTED_MEDIA_TYPE", { message: "Send the body as application/json." });
  }
  return validated(schema, parseText(bytes), "body");
}

function parseText(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (depthOf(text) > jsonDepthMax) throw new SyntaxError("nested too deeply");
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError("MALFORMED_JSON", { cause });
  }
}

function depthOf(json: string): number {
  let [depth, deepest, quoted] = [0, 0, false];
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (quoted && character === "\\") index += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === "{" || character === "[")) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (!quoted && (character === "}" || character === "]")) depth -= 1;
  }
  return deepest;
}
