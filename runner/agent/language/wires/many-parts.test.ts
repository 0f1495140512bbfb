/** Answers that say nothing, and have more parts than the supervisor's memory holds. */
import { expect, test } from "vitest";
import { SseReader, sseBounds } from "../sse-reader.ts";
import { type WireName, wires } from "./wires.ts";

const silent = { text: () => undefined, thinking: () => undefined };
const hundred = Array.from({ length: 100 }, (_, index) => index);

/** The n-th event of a hundred or fewer parts. */
const events: Readonly<Record<WireName, (number: number) => object>> = {
  "anthropic-messages": (index) => ({ type: "content_block_start", index }),
  "openai-responses": (index) => ({
    type: "response.output_item.done",
    output_index: index,
    item: { type: "function_call" },
  }),
  "openai-chat": (number) => {
    const calls = hundred.map((index) => ({ index: 100 * number + index }));
    return { choices: [{ delta: { tool_calls: calls } }] };
  },
  gemini: () => ({
    candidates: [{ content: { parts: hundred.map(() => ({ functionCall: {} })) } }],
  }),
};

test.each(Object.entries(events))(
  "MOD-5 an answer of too many parts is given up: %s",
  (name, eventOf) => {
    const reader = wires[name as WireName].reader(silent);
    const read = (count: number) => {
      for (let number = 0; number < count; number += 1) {
        reader.read({ event: "", data: JSON.stringify(eventOf(number)) });
      }
    };
    expect(() => read(20_000)).toThrow("a too large answer");
    expect(reader.turn().parts.length).toBeLessThan(20_000);
  },
);

test("thoughts of Gemini that each have a signature count, too", () => {
  const reader = wires.gemini.reader(silent);
  const parts = hundred.map(() => ({ thought: true, thoughtSignature: "a" }));
  const data = JSON.stringify({ candidates: [{ content: { parts } }] });
  expect(() => hundred.concat(hundred).map(() => reader.read({ event: "", data }))).toThrow(
    "a too large answer",
  );
});

test.each([
  ["small values", `data: [${"{},".repeat(1_000)}{}]\n`],
  ["values inside of each other", `data: ${"[".repeat(2_000)}\n`],
  ["lines without a word", "data\n".repeat(20_000)],
])("MOD-5 an event of too many %s is given up", (_what, text) => {
  const bytes = Buffer.from(text);
  const reader = new SseReader({ ...sseBounds, eventLengthMax: 10_000, eventValuesMax: 1_000 });
  const readAll = () => {
    for (let start = 0; start < bytes.length; start += 1_000) {
      reader.read(bytes.subarray(start, start + 1_000));
    }
  };
  expect(readAll).toThrow("a too large event");
});
