/** Watches an answer as it passes by, and says what the call took. */
import { callCostMicrousd } from "#shared/core/models/price";
import type { CallEnd } from "#shared/core/money/model-meter";
import type { CheckedCall } from "../checked-call.ts";
import { anthropicUsage } from "./anthropic-usage.ts";
import { EventLines } from "./event-lines.ts";
import { geminiUsage } from "./gemini-usage.ts";
import { chatUsage, responsesUsage } from "./openai-usage.ts";
import type { UsageReader } from "./usage-reader.ts";

/** The event that ends a Responses stream repeats the whole output. */
const lineBytesMax = 4 * 1024 * 1024;

type MeteredCall = Pick<CheckedCall, "protocol" | "model" | "cacheWrites" | "answers">;

function readerOf({ protocol, cacheWrites, answers }: MeteredCall): UsageReader {
  switch (protocol) {
    case "anthropic-messages":
      return anthropicUsage(cacheWrites);
    case "openai-chat":
      return chatUsage();
    case "openai-responses":
      return responsesUsage();
    case "gemini":
      return geminiUsage(answers);
  }
}

export class AnswerMeter {
  readonly #call: MeteredCall;
  readonly #reader: UsageReader;
  readonly #lines: EventLines;

  constructor(call: MeteredCall) {
    this.#call = call;
    this.#reader = readerOf(call);
    this.#lines = new EventLines(lineBytesMax, this.#reader.take);
  }

  /** Takes a piece of a stream. */
  push(chunk: Buffer): void {
    this.#lines.push(chunk);
  }

  /** Takes a complete answer that is no stream. */
  takeWhole(bytes: Buffer): void {
    try {
      this.#reader.take(JSON.parse(bytes.toString("utf8")));
    } catch {
      // What isn't JSON reports nothing.
    }
    this.#reader.end();
  }

  /** Called at the stream's own end, and not if it was cut. */
  finish(): void {
    this.#lines.end();
    this.#reader.end();
  }

  /** Whether everything that the call costs is known. */
  get isKnown(): boolean {
    return this.#reader.tokens() !== null;
  }

  end(): CallEnd {
    const tokens = this.#reader.tokens();
    if (tokens === null) return { type: "unknown" };
    const costMicrousd = callCostMicrousd(this.#call.model.prices, tokens);
    return { type: "reported", costMicrousd, tokens };
  }
}
