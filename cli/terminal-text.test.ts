import { expect, test } from "vitest";
import { harmless, harmlessJson, harmlessLine } from "./terminal-text.ts";

test.each([
  ["\x1b]0;title\x07", "␛]0;title␇"],
  ["\x9b2J", "\ufffd2J"],
  ["safe\rover", "safe␍over"],
  ["a\u202eb\u2066c", "a\ufffdb\ufffdc"],
  ["one\r\ntwo\tthree\n", "one\ntwo\tthree\n"],
  ["\x7f", "␡"],
])("a terminal doesn't act on %j", (text, shown) => {
  expect(harmless(text)).toBe(shown);
});

test("JSON has no control characters, and still says the same", () => {
  const value = { title: "\x9b2Ja\u202eb\x7f" };
  const shown = harmlessJson(JSON.stringify(value));
  expect(shown).toBe('{"title":"\\u009b2Ja\\u202eb\\u007f"}');
  expect(JSON.parse(shown)).toEqual(value);
});

test("a cell of a table stays on its line", () => {
  expect(harmlessLine("a\nb\tc")).toBe("a␊b␉c");
});
