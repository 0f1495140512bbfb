/** Shapes of usage as the providers' references document them, in numbers. */
import { describe, expect, test } from "vitest";
import type { ModelTokens } from "#shared/core/money/model-meter";
import { anthropicUsage } from "./anthropic-usage.ts";
import { EventLines } from "./event-lines.ts";
import { geminiUsage } from "./gemini-usage.ts";
import { HiddenUsage } from "./hide-usage.ts";
import { chatUsage, responsesUsage } from "./openai-usage.ts";
import type { UsageReader } from "./usage-reader.ts";

const tokens = (
  uncachedInputTokens: number,
  outputTokens: number,
  cached: Partial<ModelTokens> = {},
): ModelTokens => ({
  ...{ uncachedInputTokens, outputTokens },
  ...{ cacheReadTokens: 0, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0, ...cached },
});
const start = (usage: object) => ({ type: "message_start", message: { usage } });
const delta = (usage: object) => ({ type: "message_delta", usage });
const split = { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 148 };
const written = { input_tokens: 2_048, cache_read_input_tokens: 1_800, output_tokens: 1 };
const candidates = [{ finishReason: "STOP" }];

describe("MOD-3 usage is read as each provider means it", () => {
  test.each<[string, UsageReader, readonly object[], ModelTokens | null]>([
    [
      "a message",
      anthropicUsage("none"),
      [{ type: "message", usage: { input_tokens: 9, output_tokens: 7 } }],
      tokens(9, 7),
    ],
    [
      "a message's stream, whose delta is cumulative",
      anthropicUsage("none"),
      [
        start({ input_tokens: 25, output_tokens: 1 }),
        delta({ output_tokens: 3 }),
        delta({ output_tokens: 15 }),
      ],
      tokens(25, 15),
    ],
    [
      "a delta that corrects its start",
      anthropicUsage("none"),
      [
        start({ input_tokens: 25, output_tokens: 1 }),
        delta({ input_tokens: 30, output_tokens: 15, cache_read_input_tokens: null }),
      ],
      tokens(30, 15),
    ],
    [
      "both lifetimes of a cache",
      anthropicUsage("1h"),
      [
        start({ ...written, cache_creation_input_tokens: 248, cache_creation: split }),
        delta({ output_tokens: 503 }),
      ],
      tokens(2_048, 503, {
        cacheReadTokens: 1_800,
        cacheWrite5mTokens: 100,
        cacheWrite1hTokens: 148,
      }),
    ],
    [
      "a split that doesn't add up, as the dearest",
      anthropicUsage("1h"),
      [
        start({ ...written, cache_creation_input_tokens: 300, cache_creation: split }),
        delta({ output_tokens: 5 }),
      ],
      tokens(2_048, 5, { cacheReadTokens: 1_800, cacheWrite1hTokens: 300 }),
    ],
    [
      "a stream that was cut",
      anthropicUsage("none"),
      [start({ input_tokens: 25, output_tokens: 1 })],
      null,
    ],
    [
      "renamed fields",
      anthropicUsage("none"),
      [start({ input: 25 }), delta({ output_tokens: 15 })],
      null,
    ],
    [
      "a count that is text",
      anthropicUsage("none"),
      [start({ input_tokens: "25" }), delta({ output_tokens: 15 })],
      null,
    ],
    [
      "chat, whose input includes the cache",
      chatUsage(),
      [
        {
          usage: {
            prompt_tokens: 2_006,
            completion_tokens: 300,
            total_tokens: 2_306,
            prompt_tokens_details: { cached_tokens: 1_920 },
          },
        },
      ],
      tokens(86, 300, { cacheReadTokens: 1_920 }),
    ],
    [
      "chat's stream",
      chatUsage(),
      [{ usage: null }, { usage: { prompt_tokens: 9, completion_tokens: 2 } }],
      tokens(9, 2),
    ],
    [
      "chat that writes its cache",
      chatUsage(),
      [
        {
          usage: {
            prompt_tokens: 100,
            completion_tokens: 2,
            prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 60 },
          },
        },
      ],
      tokens(30, 2, { cacheReadTokens: 10, cacheWrite5mTokens: 60 }),
    ],
    [
      "more cached than there is",
      chatUsage(),
      [
        {
          usage: {
            prompt_tokens: 9,
            completion_tokens: 2,
            prompt_tokens_details: { cached_tokens: 10 },
          },
        },
      ],
      null,
    ],
    [
      "a negative count",
      chatUsage(),
      [{ usage: { prompt_tokens: 9, completion_tokens: -2 } }],
      null,
    ],
    [
      "responses",
      responsesUsage(),
      [
        {
          object: "response",
          usage: {
            input_tokens: 36,
            input_tokens_details: { cached_tokens: 0 },
            output_tokens: 87,
          },
        },
      ],
      tokens(36, 87),
    ],
    [
      "responses' stream",
      responsesUsage(),
      [
        { type: "response.created", response: { usage: null } },
        {
          type: "response.completed",
          response: {
            usage: {
              input_tokens: 328,
              input_tokens_details: { cached_tokens: 128 },
              output_tokens: 52,
            },
          },
        },
      ],
      tokens(200, 52, { cacheReadTokens: 128 }),
    ],
    [
      "responses that stop early",
      responsesUsage(),
      [{ type: "response.incomplete", response: { usage: { input_tokens: 3, output_tokens: 5 } } }],
      tokens(3, 5),
    ],
    [
      "Gemini, whose thoughts are apart",
      geminiUsage(1),
      [
        {
          candidates,
          usageMetadata: {
            promptTokenCount: 30,
            candidatesTokenCount: 50,
            thoughtsTokenCount: 70,
            totalTokenCount: 150,
            cachedContentTokenCount: 10,
          },
        },
      ],
      tokens(20, 120, { cacheReadTokens: 10 }),
    ],
    [
      "Gemini's stream",
      geminiUsage(1),
      [
        { candidates: [{}], usageMetadata: { promptTokenCount: 30, totalTokenCount: 30 } },
        {
          candidates,
          usageMetadata: { promptTokenCount: 30, candidatesTokenCount: 5, totalTokenCount: 35 },
        },
      ],
      tokens(30, 5),
    ],
    [
      "Gemini's stream that was cut",
      geminiUsage(1),
      [
        {
          candidates: [{}],
          usageMetadata: { promptTokenCount: 30, candidatesTokenCount: 5, totalTokenCount: 35 },
        },
      ],
      null,
    ],
    [
      "a prompt that Gemini blocked",
      geminiUsage(1),
      [
        {
          promptFeedback: { blockReason: "SAFETY" },
          usageMetadata: { promptTokenCount: 8, totalTokenCount: 8 },
        },
      ],
      tokens(8, 0),
    ],
    [
      "a total with more than we know of",
      geminiUsage(1),
      [
        {
          candidates,
          usageMetadata: { promptTokenCount: 8, candidatesTokenCount: 2, totalTokenCount: 20 },
        },
      ],
      null,
    ],
  ])("%s", (_, reader, events, expected) => {
    for (const event of events) reader.take(event);
    reader.end();
    expect(reader.tokens()).toEqual(expected);
  });
});

describe("a stream in pieces", () => {
  const events = [
    'event: x\ndata: {"a":"größer 🙂","usage":1}\n\n',
    "data: {no JSON, usage\n\n",
    `data: {"usage":"${"y".repeat(500)}"}\r\n\r\n`,
    'data: {"usage":2}\n\n',
  ].join("");

  test("is read the same however its bytes are cut, and skips what is too long", () => {
    const bytes = Buffer.from(events);
    for (const size of [1, 2, 3, 7, 64, bytes.length]) {
      const seen: unknown[] = [];
      const lines = new EventLines(200, (json) => seen.push(json));
      for (let from = 0; from < bytes.length; from += size) {
        lines.push(bytes.subarray(from, from + size));
      }
      lines.end();
      expect(seen).toEqual([{ a: "größer 🙂", usage: 1 }, { usage: 2 }]);
    }
  });

  test("loses the report that its client didn't ask for, and nothing else", () => {
    const kept = `data: {"choices":[{"delta":{"content":"${"z".repeat(100_000)}"}}]}\n\n`;
    const report = 'data: {"choices": [], "usage": {"prompt_tokens": 1}}\n\n';
    const bytes = Buffer.from(`: hi\n\n${kept}${report}data: [DONE]\n\n`);
    for (const size of [1, 5, 4_096, bytes.length]) {
      const hidden = new HiddenUsage();
      const passed: Buffer[] = [];
      for (let from = 0; from < bytes.length; from += size) {
        passed.push(hidden.push(bytes.subarray(from, from + size)));
      }
      passed.push(hidden.end());
      expect(Buffer.concat(passed).toString()).toBe(`: hi\n\n${kept}data: [DONE]\n\n`);
    }
  });
});
