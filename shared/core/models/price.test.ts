import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noTokens } from "../money/model-meter.ts";
import { catalogue } from "./catalogue.ts";
import { configuredModels, DeploymentModels, findModel } from "./deployment-models.ts";
import { callCeilingMicrousd, callCostMicrousd } from "./price.ts";

const pricesOf = (id: string) => {
  const model = catalogue().models.find((each) => each.id === id);
  if (!model) throw new Error(`${id} isn't in the catalogue`);
  return model.prices;
};

describe("MOD-3 each kind of token has its price", () => {
  test("a cached prompt costs what the provider's price list says", () => {
    const tokens = {
      uncachedInputTokens: 1_000_000,
      cacheReadTokens: 1_000_000,
      cacheWrite5mTokens: 1_000_000,
      cacheWrite1hTokens: 1_000_000,
      outputTokens: 1_000_000,
    };
    const opus = pricesOf("claude-opus-4-7");
    expect(callCostMicrousd(opus, tokens)).toBe(
      5_000_000 + 500_000 + 6_250_000 + 10_000_000 + 25_000_000,
    );
  });

  test("a larger input has its tier's price for all tokens, from the first token above it", () => {
    const pro = pricesOf("gemini-2.5-pro");
    const at = (uncachedInputTokens: number) =>
      callCostMicrousd(pro, { ...noTokens, uncachedInputTokens });
    expect([at(200_000), at(200_001)]).toEqual([250_000, 500_003]);
  });

  test("parts of a micro-dollar are rounded up, once", () => {
    const one = { ...noTokens, uncachedInputTokens: 1, outputTokens: 1 };
    expect(callCostMicrousd(pricesOf("gpt-5-nano"), one)).toBe(1);
  });
});

test("MOD-2 no report within a call's bound costs more than its ceiling", () => {
  const count = fc.integer({ min: 0, max: 400_000 });
  const writes = fc.constantFrom("none", "5m", "1h");
  fc.assert(
    fc.property(
      fc.constantFrom(...catalogue().models),
      fc.tuple(count, count, count, count, count),
      writes,
      ({ prices }, [uncached, read, five, hour, output], cacheWrites) => {
        const tokens = {
          uncachedInputTokens: uncached,
          cacheReadTokens: read,
          cacheWrite5mTokens: cacheWrites === "none" ? 0 : five,
          cacheWrite1hTokens: cacheWrites === "1h" ? hour : 0,
          outputTokens: output,
        };
        const { outputTokens: outputTokensMax, ...input } = tokens;
        const inputTokensMax = Object.values(input).reduce((sum, each) => sum + each, 0);
        const bound = { inputTokensMax, outputTokensMax, cacheWrites } as const;
        const ceiling = callCeilingMicrousd(prices, bound);
        expect(callCostMicrousd(prices, tokens)).toBeLessThanOrEqual(ceiling);
      },
    ),
  );
});

describe("the models of a deployment", () => {
  const facts = {
    label: "Qwen",
    prices: [{ inputTokensAbove: 0, input: 0, output: 0 }],
    ...{ contextTokens: 32_768, outputTokensMax: 8_192, tools: true, vision: false },
    reasoning: false,
  };
  const deployment = DeploymentModels.parse({
    aliases: { fast: "claude-haiku-4-5" },
    providers: { anthropic: {} },
    compatible: {
      ollama: { baseUrl: "http://127.0.0.1:11434/v1/", models: [{ ...facts, id: "qwen3:8b" }] },
    },
  });
  const idOf = (name: string) => {
    const found = findModel(deployment, name);
    return "id" in found ? found.id : found;
  };

  test("are found by their ids, aliases and the public API's names", () => {
    expect(idOf("fast")).toBe("claude-haiku-4-5");
    expect(idOf("claude-sonnet-4-5-20250929")).toBe("claude-sonnet-4-5");
    expect(idOf("external:ollama:qwen3%3A8b")).toBe("external:ollama:qwen3%3A8b");
    expect(idOf("gemini-3-flash")).toEqual({ type: "no-provider", provider: "google" });
    expect(idOf("__proto__")).toEqual({ type: "unknown" });
    const local = configuredModels(deployment).at(-1);
    expect(local).toMatchObject({ baseUrl: "http://127.0.0.1:11434", providerModelId: "qwen3:8b" });
  });

  test("aren't offered without a price", () => {
    const { prices: _, ...unpriced } = facts;
    const stated = { ollama: { baseUrl: "http://a", models: [{ ...unpriced, id: "x" }] } };
    expect(DeploymentModels.safeParse({ compatible: stated }).success).toBe(false);
  });

  test("the public API's ids lead to models of the catalogue", () => {
    const named = [
      ...["claude-opus-4-7", "claude-opus-4-6", "claude-sonnet-4-5", "claude-haiku-4-5"],
      ...["gemini-3-flash", "gemini-3-1-pro", "gpt-4o", "gpt-4o-mini", "o1", "o3-mini"],
    ];
    const unknown = named.filter((name) => {
      const found = findModel(deployment, name);
      return !("id" in found) && found.type === "unknown";
    });
    expect(unknown).toEqual([]);
    const ids = new Set(catalogue().models.map(({ id }) => id));
    expect(Object.values(catalogue().aliases).filter((id) => !ids.has(id))).toEqual([]);
    expect(ids.size).toBe(catalogue().models.length);
  });
});
