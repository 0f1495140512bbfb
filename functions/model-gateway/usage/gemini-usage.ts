import type { ModelTokens } from "#shared/core/money/model-meter";
import { countIn, countOrZero, fieldOf, tokensOfWhole, type UsageReader } from "./usage-reader.ts";

/**
 * Gemini states usage in each chunk of a stream, and only the one with a reason to finish counts
 * everything. Its candidates are without what the model thought. A blocked prompt has no candidate.
 * @param answers How many candidates were asked for; each of them finishes by itself.
 */
export function geminiUsage(answers: number): UsageReader {
  let last: ModelTokens | null = null;
  let isFinal = false;
  const finished = new Set<unknown>();
  return {
    take(json) {
      const usage = fieldOf(json, "usageMetadata");
      if (usage !== undefined) last = tokensOf(usage);
      for (const candidate of listOf(fieldOf(json, "candidates"))) {
        if (fieldOf(candidate, "finishReason") === undefined) continue;
        finished.add(fieldOf(candidate, "index") ?? 0);
      }
      const isBlocked = fieldOf(fieldOf(json, "promptFeedback"), "blockReason") !== undefined;
      if (isBlocked || finished.size >= answers) isFinal = true;
    },
    end() {
      // Without any reason to finish it was cut, though its connection ended in order.
      if (finished.size > 0) isFinal = true;
    },
    tokens: () => (isFinal ? last : null),
  };
}

function tokensOf(usage: unknown): ModelTokens | null {
  const prompt = countIn(usage, "promptTokenCount");
  const ofTools = countOrZero(usage, "toolUsePromptTokenCount");
  const candidates = countOrZero(usage, "candidatesTokenCount");
  const thoughts = countOrZero(usage, "thoughtsTokenCount");
  const total = countIn(usage, "totalTokenCount");
  if (prompt === null || ofTools === null || candidates === null || thoughts === null) return null;
  const [input, output] = [prompt + ofTools, candidates + thoughts];
  // A count under a name that we don't know would only show in the total.
  if (total === null || total > input + output) return null;
  const cacheRead = countOrZero(usage, "cachedContentTokenCount");
  return tokensOfWhole({ input, cacheRead, cacheWrite: 0, output });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
