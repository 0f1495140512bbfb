import type { CacheWrites } from "#shared/core/models/price";
import type { ModelTokens } from "#shared/core/money/model-meter";
import { countIn, countOrZero, fieldOf, type UsageReader } from "./usage-reader.ts";

/**
 * Anthropic's `input_tokens` are without those of its cache. In a stream, the usage of
 * `message_delta` is cumulative: it replaces what `message_start` said, where it says something.
 * There may be several deltas, so only the stop says that the last one was the last.
 * How long cached tokens are kept is only in the start.
 */
export function anthropicUsage(cacheWrites: CacheWrites): UsageReader {
  let usage: object | null = null;
  let isReported = false;
  let isFinal = false;
  const add = (reported: unknown) => {
    if (typeof reported !== "object" || reported === null) return;
    const stated = Object.entries(reported).filter(([, value]) => value !== null);
    usage = { ...usage, ...Object.fromEntries(stated) };
  };
  return {
    take(json) {
      const type = fieldOf(json, "type");
      if (type === "message_stop") isFinal = isReported;
      if (type === "message_start") add(fieldOf(fieldOf(json, "message"), "usage"));
      if (type !== "message_delta" && type !== "message") return;
      const reported = fieldOf(json, "usage");
      if (countIn(reported, "output_tokens") === null) return;
      add(reported);
      isReported = true;
    },
    end() {
      isFinal = isReported;
    },
    tokens: () => (isFinal ? tokensOf(usage, cacheWrites) : null),
  };
}

function tokensOf(usage: object | null, cacheWrites: CacheWrites): ModelTokens | null {
  const uncachedInputTokens = countIn(usage, "input_tokens");
  const outputTokens = countIn(usage, "output_tokens");
  const cacheReadTokens = countOrZero(usage, "cache_read_input_tokens");
  const written = countOrZero(usage, "cache_creation_input_tokens");
  if (uncachedInputTokens === null || outputTokens === null) return null;
  if (cacheReadTokens === null || written === null) return null;
  const split = fieldOf(usage, "cache_creation");
  const short = countIn(split, "ephemeral_5m_input_tokens");
  const long = countIn(split, "ephemeral_1h_input_tokens");
  const isKnown = short !== null && long !== null && short + long === written;
  // Without a split that adds up, all of it counts as the dearest that was asked for.
  const cacheWrite1hTokens = isKnown ? long : cacheWrites === "1h" ? written : 0;
  const cacheWrite5mTokens = written - cacheWrite1hTokens;
  return {
    ...{ uncachedInputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens },
    outputTokens,
  };
}
