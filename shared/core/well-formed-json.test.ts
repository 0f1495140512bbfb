import { expect, test } from "vitest";
import { wellFormedJson } from "./well-formed-json.ts";

test.each([
  [{ a: "\ud83d" }, { a: "\ufffd" }],
  [{ "a\ude00": 1 }, { "a\ufffd": 1 }],
  [
    ["\ud83d\ud83d", "\\\ude00", "\\\\\ud83d"],
    ["\ufffd\ufffd", "\\\ufffd", "\\\\\ufffd"],
  ],
  [
    ["\ud83d\ude00", "\\ud83d", "\\\\ud83d"],
    ["\ud83d\ude00", "\\ud83d", "\\\\ud83d"],
  ],
])("half a character is replaced, and nothing else: %j", (value, written) => {
  expect(JSON.parse(wellFormedJson(value))).toEqual(written);
});

test("many backslashes take no long time", () => {
  const text = "\\".repeat(2_000_000);
  expect(wellFormedJson(text)).toHaveLength(4_000_002);
});
