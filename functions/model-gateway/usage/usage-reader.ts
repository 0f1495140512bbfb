import type { ModelTokens } from "#shared/core/money/model-meter";

/** Reads what a call took from its answer, as the answer passes by. */
export interface UsageReader {
  /** Takes one event of a stream, or the whole answer. Never throws. */
  readonly take: (json: unknown) => void;
  /** Called once the answer has come to its own end: no later report can correct the last one. */
  readonly end: () => void;
  /** Null until the provider has reported how many tokens the whole call took. */
  readonly tokens: () => ModelTokens | null;
}

/** What `take` gets for the line that ends a stream of Chat Completions, which isn't JSON. */
export const streamDone = "[DONE]";

/** A higher count is no report: it is a hundred times the largest context. */
const countMax = 100_000_000;

/** A count in a report; null if it isn't one. */
export function countIn(value: unknown, name: string): number | null {
  if (typeof value !== "object" || value === null) return null;
  const count: unknown = Reflect.get(value, name);
  return typeof count === "number" && isCount(count) ? count : null;
}

function isCount(count: number): boolean {
  return Number.isSafeInteger(count) && count >= 0 && count <= countMax;
}

/** A count that may be left out; null if it is there and isn't a count. */
export function countOrZero(value: unknown, name: string): number | null {
  if (typeof value !== "object" || value === null) return 0;
  const count: unknown = Reflect.get(value, name);
  return count === undefined || count === null ? 0 : countIn(value, name);
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * The tokens of a report that counts cached tokens as part of its input, as all but Anthropic do.
 * Null if a count is missing or contradicts another.
 */
export function tokensOfWhole(report: {
  readonly input: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly output: number | null;
}): ModelTokens | null {
  const { input, cacheRead, cacheWrite, output } = report;
  if (input === null || cacheRead === null || cacheWrite === null || output === null) return null;
  const uncachedInputTokens = input - cacheRead - cacheWrite;
  if (uncachedInputTokens < 0) return null;
  return {
    uncachedInputTokens,
    cacheReadTokens: cacheRead,
    cacheWrite5mTokens: cacheWrite,
    cacheWrite1hTokens: 0,
    outputTokens: output,
  };
}
