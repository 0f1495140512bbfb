import { expect, test } from "vitest";
import { harmless, harmlessLine } from "./terminal-text.ts";

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

test("a cell of a table stays on its line", () => {
  expect(harmlessLine("a\nb\tc")).toBe("a␊b␉c");
});
