import type { ModelTokens } from "#shared/core/money/model-meter";
import { countIn, countOrZero, fieldOf, tokensOfWhole, type UsageReader } from "./usage-reader.ts";

/** Chat Completions: the answer's usage, or that of the stream's last chunk. */
export function chatUsage(): UsageReader {
  return lastReport((json) => {
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
  return lastReport((json) => {
    const type = fieldOf(json, "type");
    const isEvent = typeof type === "string" && finalEvents.has(type);
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

function lastReport(read: (json: unknown) => ModelTokens | null): UsageReader {
  let last: ModelTokens | null = null;
  return {
    take(json) {
      last = read(json) ?? last;
    },
    tokens: () => last,
  };
}
