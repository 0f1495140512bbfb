import { expect, test } from "vitest";
import { openingMessages } from "./opening.ts";
import { faultOfStatus } from "./provider-fault.ts";
import { type WireName, wires } from "./wires/wires.ts";

const limits = { outputTokensMax: 100, modelOutputTokensMax: 100, effort: null, cacheKey: "x" };

test.each(Object.keys(wires))("a message of blanks is told as one: %s", (name) => {
  const told = { history: [], isHistoryCut: false, entry: { contextTokens: 1_000 } as never };
  const messages = openingMessages({ ...told, content: " \n\t" });
  const request = { model: "m", system: "", tools: [], messages, ...limits };
  expect(wires[name as WireName].body(request)).toContain("nothing but blanks");
});

test.each([
  "prompt is too long: 210000 tokens > 200000 maximum",
  "input length and `max_tokens` exceed context limit: 190000 + 16384 > 200000",
  "This model's maximum context length is 128000 tokens.",
  "Your input exceeds the context window of this model.",
  "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
])("a conversation that is too long is told from other refusals: %s", (message) => {
  const body = JSON.stringify({ error: { message } });
  expect(faultOfStatus(400, body, {}).kind).toBe("too_long");
});
