import type { ModelTokens } from "#shared/core/money/model-meter";
import {
  countIn,
  countOrZero,
  fieldOf,
  streamDone,
  tokensOfWhole,
  type UsageReader,
} from "./usage-reader.ts";

/**
 * Chat Completions: the answer's usage, or that of the stream's last chunk. Some compatible servers
 * report in each chunk how much it was so far, so only a chunk without choices has the last report.
 */
export function chatUsage(): UsageReader {
  const isLast = (json: unknown) => {
    const choices = fieldOf(json, "choices");
    return json === streamDone || (Array.isArray(choices) && choices.length === 0);
  };
  return lastReport(isLast, (json) => {
    const usage = fieldOf(json, "usage");
    const details = fieldOf(usage, "prompt_tokens_details");
    return tokensOfWhole({
      input: countIn(usage, "prompt_tokens"),
      cacheRead: countOrZero(details, "cached_tokens"),
      cacheWrite: countOrZero(details, "cache_write_tokens"),
      output: countIn(usage, "completion_tokens"),
    });
  });
}

const finalEvents = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** Responses: the answer's usage, or that of the event that ends the stream. */
export function responsesUsage(): UsageReader {
  return lastReport(isFinal, (json) => {
    const isEvent = typeof fieldOf(json, "type") === "string";
    if (isEvent && !isFinal(json)) return null;
    const usage = fieldOf(isEvent ? fieldOf(json, "response") : json, "usage");
    const details = fieldOf(usage, "input_tokens_details");
    return tokensOfWhole({
      input: countIn(usage, "input_tokens"),
      cacheRead: countOrZero(details, "cached_tokens"),
      cacheWrite: countOrZero(details, "cache_write_tokens"),
      output: countIn(usage, "output_tokens"),
    });
  });
}

function isFinal(json: unknown): boolean {
  const type = fieldOf(json, "type");
  return typeof type === "string" && finalEvents.has(type);
}

/** @param isLast Whether nothing that is reported after this counts. */
function lastReport(
  isLast: (json: unknown) => boolean,
  read: (json: unknown) => ModelTokens | null,
): UsageReader {
  let last: ModelTokens | null = null;
  let isOver = false;
  return {
    take(json) {
      last = read(json) ?? last;
      if (isLast(json)) isOver = true;
    },
    end() {
      isOver = true;
    },
    tokens: () => (isOver ? last : null),
  };
}
