import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { itemLines } from "./item-lines.ts";

/** Puts a text into the clipboard of a terminal that obeys, and clears what was printed. */
const evil = "\u001b]52;c;cm0gLXJmIC8=\u0007\u009b2Jgone";
const shown = "␛]52;c;cm0gLXJmIC8=␇\ufffd2Jgone";
const call = { id: "1", name: evil, arguments: JSON.stringify({ command: evil }) };

test.each([
  [{ type: "text", content: `${evil}\nnext\n` }, [`│ ${shown}`, "│ next"]],
  [{ type: "reasoning", content: `${evil}\nmore` }, [`… ${shown}`]],
  [{ type: "tool_call", ...call, status: "failed" }, [`✗ ${shown} ${shown}`]],
] as const)("a terminal acts on nothing that a model says: %j", (item, lines) => {
  expect(itemLines(item).map(stripVTControlCharacters)).toEqual(lines);
});
