import type { CacheWrites } from "#shared/core/models/price";
import type { Json } from "./fields.ts";

/** A request that may be passed on, without the parts that depend on its model. */
export interface CheckedRequest {
  /** What the client calls the model. */
  readonly modelName: string;
  /** What is sent, with the model's name put in by `withModel`. */
  readonly body: Json;
  readonly isStream: boolean;
  /** Tokens to generate; null if the request sets no limit, so that the model's own applies. */
  readonly outputTokensMax: number | null;
  /** How many answers are generated. */
  readonly answers: number;
  readonly images: number;
  readonly cacheWrites: CacheWrites;
  /** Whether the client didn't ask for usage, so that what is added for us is taken out again. */
  readonly hidesUsage: boolean;
}

/**
 * The most tokens that an image counts, whatever its bytes: the largest number that the
 * documentation of each provider gives for one image, rounded up.
 */
export const imageTokensMax = {
  "anthropic-messages": 5_000,
  "openai-chat": 50_000,
  "openai-responses": 50_000,
  gemini: 10_000,
} as const;

/** What providers add to a prompt, such as the instructions for tools: some hundred tokens each. */
export const addedTokensMax = 2_000;

/**
 * The most input tokens that a body can have. Each token of text stands for at least one byte, and
 * JSON writes no character with fewer bytes than UTF-8 does.
 */
export function inputTokensBound(bytes: number, images: number, perImage: number): number {
  return bytes + images * perImage + addedTokensMax;
}
