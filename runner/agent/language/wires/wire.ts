/** What each provider's wire format must do for the loop. */
import { wellFormedJson } from "#shared/core/well-formed-json";
import type { AssistantPart, Message, ToolSpec, Turn } from "../conversation.ts";
import { malformedStream } from "../provider-fault.ts";
import type { SseEvent } from "../sse-reader.ts";

export type Effort = "minimal" | "low" | "medium" | "high";

/** The effort as OpenAI's wires say it: of its models only the first GPT-5 know `minimal`. */
export function openaiEffort(model: string, effort: Effort): Effort {
  const isKnown =
    effort !== "minimal" || /^gpt-5(?:-mini|-nano)?(?:-\d{4}-\d\d-\d\d)?$/.test(model);
  return isKnown ? effort : "low";
}

export interface ModelRequest {
  readonly model: string;
  readonly system: string;
  readonly tools: readonly ToolSpec[];
  readonly messages: readonly Message[];
  readonly outputTokensMax: number;
  /** What the provider takes for that model at most; what a model thinks may be part of it. */
  readonly modelOutputTokensMax: number;
  /** Null if the model doesn't reason, or nobody asked for an effort. */
  readonly effort: Effort | null;
  /** Groups the requests of one conversation for a provider's cache. */
  readonly cacheKey: string;
}

/** Hears pieces of the answer while they are written. */
export interface TurnListener {
  text(piece: string): void;
  thinking(piece: string): void;
}

export interface TurnReader {
  /** @throws {ProviderFault} If the provider reports an error, or breaks its own format. */
  read(event: SseEvent): void;
  /** What has come so far. */
  turn(): Turn;
}

export interface Wire {
  /** What a client of the provider appends to its base address. */
  path(model: string): string;
  headers(token: string): Readonly<Record<string, string>>;
  /**
   * JSON text. The part that all requests of a conversation share is byte for byte the same and
   * comes first, because providers' caches work by prefix.
   */
  body(request: ModelRequest): string;
  reader(listener: TurnListener): TurnReader;
}

/** @throws {ProviderFault} If it isn't JSON. */
export function parseData(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw malformedStream("not JSON");
  }
}

/**
 * What one answer may say, thoughts and arguments included. The stream may be larger, since it has
 * some hundred bytes for each word.
 */
const answerLengthMax = 10 * 1024 * 1024;
/** Texts, thoughts and calls, each of which takes memory, however little it says. */
const answerPartsMax = 10_000;

/** Counts what is kept of an answer. */
export class AnswerRoom {
  #left = answerLengthMax;
  #partsLeft = answerPartsMax;

  /** @returns The same text. @throws {ProviderFault} If that is too much. */
  take(text: string): string {
    this.#left -= text.length;
    if (this.#left < 0) throw malformedStream("a too large answer");
    return text;
  }

  /** Counts one more part. @throws {ProviderFault} If that is too much. */
  takePart(): void {
    this.#partsLeft -= 1;
    if (this.#partsLeft < 0) throw malformedStream("a too large answer");
  }
}

/** A nested value of JSON that nobody has checked; undefined if the path leads nowhere. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let inner = value;
  for (const name of path) {
    if (typeof inner !== "object" || inner === null) return undefined;
    inner = Object.getOwnPropertyDescriptor(inner, name)?.value;
  }
  return inner;
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

export function countAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : 0;
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** An escape of half a character, if the other half doesn't follow. */
const mayHoldHalf = /\\ud[89a-f]/i;

/** The arguments as they came, or an empty object if they aren't JSON of an object. */
export function validArguments(text: string): string {
  const given = argumentsObject(text);
  if (Object.keys(given).length === 0) return "{}";
  return mayHoldHalf.test(text) ? wellFormedJson(given) : text;
}

/** An answer's parts as they go back to the provider, so that nothing else of them is kept. */
export function withValidArguments(parts: readonly AssistantPart[]): AssistantPart[] {
  return parts.map((part) => {
    return part.type === "tool_call"
      ? { ...part, arguments: validArguments(part.arguments) }
      : part;
  });
}

/** The gateway takes JSON of 40 levels, of which a request has some around the arguments. */
const depthMax = 24;
/**
 * The gateway takes 200,000 in a request. In memory each takes up to twenty times its bytes, and
 * arguments come within a text, where nobody has counted them.
 */
const valuesMax = 20_000;

/** Begin a value of JSON outside of a text. */
const beginnings = new Set([",", ":", "[", "{"]);

/** What is wrong with JSON that would spoil all later requests, or take too much memory. */
export function argumentsFault(
  json: string,
): "are nested too deeply" | "hold too many values" | null {
  let [depth, values, isQuoted] = [0, 0, false];
  for (let index = 0; index < json.length; index += 1) {
    const mark = json[index] ?? "";
    if (isQuoted && mark === "\\") index += 1;
    else if (mark === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (mark === "}" || mark === "]") depth -= 1;
    else if (beginnings.has(mark)) {
      values += 1;
      if (mark === "{" || mark === "[") depth += 1;
      if (depth > depthMax) return "are nested too deeply";
      if (values > valuesMax) return "hold too many values";
    }
  }
  return null;
}

/** The arguments as an object; an empty one if they aren't one, or have a fault. */
export function argumentsObject(text: string): object {
  if (argumentsFault(text) !== null) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // The call's result says what is wrong with them.
  }
  return {};
}
