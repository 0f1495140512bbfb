/** Which report is the last one, and which numbers are reports. */
import { describe, expect, test } from "vitest";
import { anthropicUsage } from "./anthropic-usage.ts";
import { EventLines } from "./event-lines.ts";
import { geminiUsage } from "./gemini-usage.ts";
import { chatUsage, responsesUsage } from "./openai-usage.ts";
import type { UsageReader } from "./usage-reader.ts";

const chunk = (output: number, choices: readonly object[] = [{ delta: {} }]) => ({
  choices,
  usage: { prompt_tokens: 10, completion_tokens: output },
});
const gemini = (index: number, output: number, finish: object) => ({
  candidates: [{ index, ...finish }],
  usageMetadata: {
    ...{ promptTokenCount: 10, candidatesTokenCount: output, totalTokenCount: 10 + output },
  },
});
const [stop, goesOn] = [{ finishReason: "STOP" }, {}];
const start = { type: "message_start", message: { usage: { input_tokens: 10 } } };
const delta = (output: number) => ({ type: "message_delta", usage: { output_tokens: output } });
const completed = (output: number) => ({
  type: "response.completed",
  response: { usage: { input_tokens: 10, output_tokens: output } },
});

/** What each event of a stream makes known of the output. */
function knownAfter(reader: UsageReader, events: readonly object[]): (number | null)[] {
  const stream = [...events.map((event) => `data: ${JSON.stringify(event)}`)].join("\n\n");
  const known: (number | null)[] = [];
  const lines = new EventLines(1_000, (json) => {
    reader.take(json);
    known.push(reader.tokens()?.outputTokens ?? null);
  });
  lines.push(Buffer.from(`${stream}\n\ndata: [DONE]\n\n`));
  lines.end();
  return known;
}

describe("MOD-3 a call is charged by the last report, not by the first", () => {
  test.each<[string, UsageReader, readonly object[], readonly (number | null)[]]>([
    [
      "a server that reports in each chunk how much it was so far",
      chatUsage(),
      [chunk(1), chunk(500)],
      [null, null, 500],
    ],
    ["a last chunk without choices", chatUsage(), [chunk(1), chunk(500, [])], [null, 500, 500]],
    ["several deltas", anthropicUsage("none"), [start, delta(3), delta(15)], [null, null, null]],
    [
      "a stop after the last delta",
      anthropicUsage("none"),
      [start, delta(3), delta(15), { type: "message_stop" }],
      [null, null, null, 15],
    ],
    [
      "the first of two candidates",
      geminiUsage(2),
      [gemini(0, 5, stop), gemini(1, 9, goesOn), gemini(1, 30, stop)],
      [null, null, 30],
    ],
    [
      "usage beside an event in the middle",
      responsesUsage(),
      [{ type: "response.output_text.delta", usage: { input_tokens: 1, output_tokens: 1 } }],
      [null],
    ],
    ["the event that ends a response", responsesUsage(), [completed(7)], [7]],
  ])("%s", (_, reader, events, expected) => {
    expect(knownAfter(reader, events).slice(0, expected.length)).toEqual(expected);
  });

  test("a count beyond any context is no report, so that sums stay numbers", () => {
    const reader = chatUsage();
    reader.take(chunk(Number.MAX_SAFE_INTEGER, []));
    reader.end();
    expect(reader.tokens()).toBeNull();
  });
});
