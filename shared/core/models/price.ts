/** What a model call costs, and the most that it can cost. Amounts are whole micro-US-dollars. */
import { inputTokensOf, type ModelTokens } from "../money/model-meter.ts";
import type { PriceTier } from "./model.ts";

type Prices = readonly PriceTier[];

const million = 1_000_000n;

/** The price of what a provider reported, rounded up once for the whole call. */
export function callCostMicrousd(prices: Prices, tokens: ModelTokens): number {
  const tier = tierOf(prices, inputTokensOf(tokens));
  const { input, output, cacheRead, cacheWrite5m, cacheWrite1h } = tier;
  return roundedUp(
    product(tokens.uncachedInputTokens, input) +
      product(tokens.cacheReadTokens, cacheRead ?? input) +
      product(tokens.cacheWrite5mTokens, cacheWrite5m ?? input) +
      product(tokens.cacheWrite1hTokens, cacheWrite1h ?? cacheWrite5m ?? input) +
      product(tokens.outputTokens, output),
  );
}

/** The longest time for which a request may have its prompt cached. */
export type CacheWrites = "none" | "5m" | "1h";

/**
 * The most that a call can cost: its input at the dearest price that may apply to it, and all the
 * output that it may make. A request may turn out smaller than its bound, and prices of smaller
 * requests aren't always lower, so every tier up to the bound counts.
 */
export function callCeilingMicrousd(
  prices: Prices,
  bound: {
    readonly inputTokensMax: number;
    readonly outputTokensMax: number;
    readonly cacheWrites: CacheWrites;
  },
): number {
  const tiers = prices.filter(
    ({ inputTokensAbove }) => inputTokensAbove === 0 || bound.inputTokensMax > inputTokensAbove,
  );
  const input = Math.max(...tiers.map((tier) => dearestInput(tier, bound.cacheWrites)));
  const output = Math.max(...tiers.map((tier) => tier.output));
  return roundedUp(product(bound.inputTokensMax, input) + product(bound.outputTokensMax, output));
}

function dearestInput(tier: PriceTier, writes: CacheWrites): number {
  const { input, cacheRead, cacheWrite5m, cacheWrite1h } = tier;
  const short = writes === "none" ? 0 : (cacheWrite5m ?? input);
  const long = writes === "1h" ? (cacheWrite1h ?? 0) : 0;
  return Math.max(input, cacheRead ?? 0, short, long);
}

function tierOf(prices: Prices, inputTokens: number): PriceTier {
  const [first, ...rest] = prices;
  const tier = rest.findLast(({ inputTokensAbove }) => inputTokens > inputTokensAbove) ?? first;
  if (!tier) throw new Error("a model without a price");
  return tier;
}

/** Exact, because a million tokens at a high price don't fit into a double's integers. */
function product(tokens: number, price: number): bigint {
  return BigInt(tokens) * BigInt(price);
}

function roundedUp(perMillion: bigint): number {
  return Number((perMillion + million - 1n) / million);
}
