/** Validates what came in: path, query and body against the route's schemas. */
import type { IncomingMessage } from "node:http";
import { finished } from "node:stream";
import type { z } from "zod";
import { nameGivenTwice } from "../core/json-names.ts";
import { findUnusable, mayBeUnusable, shownField, type Unusable } from "../core/usable-text.ts";
import { ApiError } from "../errors/api-error.ts";
import { type Framing, FramingError, framingOf, hasBody } from "../http/framing.ts";
import { readOffBytesMax } from "../http/linger.ts";
import { Pieces } from "../http/pieces.ts";
import { sayWhatToChange, withinForm } from "./issue-sentences.ts";
import { misspeltNumber } from "./query-numbers.ts";
import { notHttp } from "./raw-refusal.ts";
import type { Route } from "./route.ts";

/** No body needs deeper JSON, which would exhaust the stack of a recursive function. */
const jsonDepthMax = 40;
/**
 * More values than any sensible body has. A schema needs far more time for a value than its bytes
 * suggest, and it finds a list too long only after it has checked all of its elements.
 */
const jsonValuesMax = 20_000;
const issuesShownMax = 20;

/** An id that can't exist is answered like one that doesn't; a wrong word, with the right ones. */
export function parseParams<P>(schema: z.ZodType<P>, params: unknown): P {
  const parsed = schema.safeParse(params, { error: sayWhatToChange });
  if (parsed.success) return parsed.data;
  const word = parsed.error.issues.find(({ code }) => code === "invalid_value");
  if (!word) throw new ApiError("NOT_FOUND");
  const message = `The part ${word.path.join(".")} of the address ${word.message}.`;
  throw new ApiError("NOT_FOUND", { message });
}

/**
 * @throws {ApiError} `VALIDATION_FAILED` for what the schema refuses, and for a parameter that is
 * given twice, because one of its values would be dropped, or is a number in another form.
 */
export function parseQuery<Q>(schema: z.ZodType<Q>, query: URLSearchParams): Q {
  const names = new Set<string>();
  const twice = [...query.keys()].find((name) => names.size === names.add(name).size);
  if (twice !== undefined) throw refusedField(parameter(twice), givenTwice);
  const unusable = findUnusable(Object.fromEntries(query), "refused");
  if (unusable) throw refusedField(parameter(unusable.field), reasons[unusable.why]);
  const misspelt = misspeltNumber(schema, query);
  if (misspelt !== null) throw refusedField(parameter(misspelt), "must be a number, in digits");
  return validated(schema, Object.fromEntries(query), "query");
}

const givenTwice = "is given twice; send it once";
const reasons: Readonly<Record<Unusable["why"], string>> = {
  "ill-formed": "holds half of a surrogate pair, which is no character",
  "reserved-name": "can't be used as a name: send it under another one",
  nul: "must not hold the character U+0000",
};

/** The thing that is refused: its name in `details`, and the start of the sentence about it. */
interface Subject {
  readonly field: string;
  readonly named: string;
}

function parameter(name: string): Subject {
  return { field: shownField(name), named: `The parameter ${shownField(name)}` };
}

function fieldOf(path: string, where: string): Subject {
  if (path === "") return { field: where, named: `The ${where}` };
  if (where === "query") return parameter(path);
  return { field: shownField(path), named: `The field ${shownField(path)}` };
}

function refusedField({ field, named }: Subject, message: string): ApiError {
  return new ApiError("VALIDATION_FAILED", {
    message: `${named} ${message}.`,
    details: [{ field, message }],
  });
}

/** @throws {ApiError} `VALIDATION_FAILED`, naming each wrong field and what to change. */
export function validated<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value, { error: sayWhatToChange });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.flatMap(withinForm).slice(0, issuesShownMax);
  const details = issues.map(({ path, message }) => ({
    field: fieldOf(path.join("."), where).field,
    message,
  }));
  const [first] = issues;
  const { named } = fieldOf(first?.path.join(".") ?? "", where);
  const message = `${named} ${first?.message}.`;
  throw new ApiError("VALIDATION_FAILED", { message, details });
}

/**
 * Judges the body by its headers. One that is too long or encoded is refused before a byte is read.
 * A route that takes no body ignores a short one, which means nothing to it (RFC 9110, 9.3.1), and
 * says so.
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

/**
 * Reads the whole body. The request survives a failure, because the rest of its body is read before
 * the connection ends.
 * @param signal Gives up waiting for the body, with its reason.
 * @throws {ApiError} `PAYLOAD_TOO_LARGE`.
 */
export async function readBytes(
  request: IncomingMessage,
  bytesMax: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const pieces = new Pieces();
  const { promise: read, resolve, reject } = Promise.withResolvers<void>();
  const take = (piece: Buffer) => {
    if (pieces.bytes + piece.length > bytesMax) reject(tooLarge(bytesMax));
    else pieces.add(piece);
  };
  const giveUp = () => reject(signal?.reason);
  const stop = finished(request, { writable: false }, (error) =>
    error ? reject(error) : resolve(),
  );
  signal?.addEventListener("abort", giveUp, { once: true });
  request.on("data", take);
  try {
    await read;
  } finally {
    stop();
    signal?.removeEventListener("abort", giveUp);
    request.off("data", take).pause();
  }
  return pieces.take();
}

const received = new WeakMap<IncomingMessage, Buffer>();

/** Waits for a body that `readJson` will read, before the request takes a place. */
export async function receive(
  request: IncomingMessage,
  bytesMax: number,
  signal?: AbortSignal,
): Promise<void> {
  received.set(request, await readBytes(request, bytesMax, signal));
}

/** The most bytes that a body can have, by its head. */
export function bodyBytesOf(request: IncomingMessage, bytesMax: number): number {
  const framing = requireFraming(request);
  if (framing.kind === "none") return 0;
  return framing.kind === "length" ? framing.bytes : bytesMax;
}

interface JsonOptions {
  readonly bytesMax: number;
  readonly contentType: string | undefined;
  /** How U+0000 is handled. Only output of programs may contain it. */
  readonly nul: "refused" | "kept";
  /** Called with the body as it was sent, and its text, once the schema has taken it. */
  readonly taken?: (value: unknown, json: string) => void;
}

/** Validates the JSON body against `schema`; a missing body counts as `{}`. */
export async function readJson<B>(
  request: IncomingMessage,
  schema: z.ZodType<B>,
  options: JsonOptions,
): Promise<B> {
  const bytes = received.get(request) ?? (await readBytes(request, options.bytesMax));
  if (bytes.length === 0) return validated(schema, {}, "body");
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(options.contentType ?? "")) {
    throw new ApiError("UNSUPPORTED_MEDIA_TYPE", { message: "Send the body as application/json." });
  }
  const text = boundedText(bytes, jsonValuesMax);
  const sent = parseText(text, options.nul);
  const body = validated(schema, sent, "body");
  options.taken?.(sent, text);
  return body;
}

/** Parses JSON within its limits; errors carry no cause, because V8's message quotes the text. */
function parseText(text: string, nul: "refused" | "kept"): unknown {
  const parsed = parsedJson(text);
  // A runner writes its own JSON, in which no name can be twice.
  const twice = nul === "refused" ? nameGivenTwice(text) : null;
  if (twice !== null) throw refusedField(fieldOf(twice, "body"), givenTwice);
  const unusable = mayBeUnusable(text) ? findUnusable(parsed, nul) : null;
  if (unusable === null) return parsed;
  const subject = fieldOf(unusable.field, "body");
  if (unusable.why !== "ill-formed") throw refusedField(subject, reasons[unusable.why]);
  const message = reasons["ill-formed"];
  throw new ApiError("MALFORMED_JSON", {
    message: `${subject.named} ${message}.`,
    details: [{ field: subject.field, message }],
  });
}

/**
 * Parses JSON that isn't stored, so any text may be in it.
 * @throws {ApiError} `MALFORMED_JSON`, `PAYLOAD_TOO_LARGE`.
 */
export function parseJsonWithin(bytes: Buffer, valuesMax: number): unknown {
  return parsedJson(boundedText(bytes, valuesMax));
}

function boundedText(bytes: Buffer, valuesMax: number): string {
  const text = decoded(bytes);
  const { depth, values } = shapeOf(text);
  if (depth > jsonDepthMax) {
    const message = `The body's JSON is nested more than ${jsonDepthMax} levels deep.`;
    throw new ApiError("MALFORMED_JSON", { message });
  }
  if (values > valuesMax) {
    const message = `The body's JSON holds more than ${valuesMax} values: send fewer.`;
    throw new ApiError("PAYLOAD_TOO_LARGE", { message });
  }
  return text;
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ApiError("MALFORMED_JSON", { message: "The body isn't valid UTF-8." });
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError("MALFORMED_JSON");
  }
}

/** The depth of JSON text, and an upper bound of the values it holds. */
function shapeOf(json: string): { readonly depth: number; readonly values: number } {
  let [depth, deepest, values, quoted] = [0, 0, 1, false];
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (quoted && character === "\\") index += 1;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "{" || character === "[") {
      depth += 1;
      values += 1;
      deepest = Math.max(deepest, depth);
    } else if (character === "}" || character === "]") depth -= 1;
    else if (character === ",") values += 1;
  }
  return { depth: deepest, values };
}
