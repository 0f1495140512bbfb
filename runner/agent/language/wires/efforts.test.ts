/** How long a model thinks is asked for in a way that its provider takes. */
import { expect, test } from "vitest";
import { wires } from "./wires.ts";

const asked = { system: "", tools: [], messages: [], cacheKey: "x", effort: "high" } as const;

test.each([
  [16_384, 64_000, 32_768, 16_384],
  [64_000, 64_000, 64_000, 16_384],
  [8_192, 8_192, 8_192, 4_096],
  [1_000, 1_000, 1_000, undefined],
])("Anthropic: %i of a model's %i are a limit of %i", (outputTokensMax, most, limit, budget) => {
  const request = { ...asked, model: "claude-haiku-4-5", outputTokensMax };
  const body = JSON.parse(
    wires["anthropic-messages"].body({ ...request, modelOutputTokensMax: most }),
  );
  expect([body.max_tokens, body.thinking?.budget_tokens]).toEqual([limit, budget]);
});

test.each([
  ["gpt-5", "minimal"],
  ["gpt-5-nano-2025-08-07", "minimal"],
  ["gpt-5.1", "low"],
  ["gpt-5.3-codex", "low"],
  ["gpt-6.1-sol", "low"],
  ["o4-mini", "low"],
])("OpenAI: %s is asked for %s when the least is asked for", (model, effort) => {
  const limits = { outputTokensMax: 1_000, modelOutputTokensMax: 1_000 };
  const request = { ...asked, ...limits, model, effort: "minimal" } as const;
  const responses = JSON.parse(wires["openai-responses"].body(request));
  const chat = JSON.parse(wires["openai-chat"].body(request));
  expect([responses.reasoning.effort, chat.reasoning_effort]).toEqual([effort, effort]);
});
