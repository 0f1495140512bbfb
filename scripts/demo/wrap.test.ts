import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { wrapped } from "./wrap.ts";

const prose =
  "All four tests pass, and the mean of the two in the middle is taken where it is even.";

describe("a line of a demo", () => {
  test("is broken between words, with the bar of what a model says", () => {
    expect(wrapped(`│ ${prose}`, "  ", 60)).toBe(
      [
        "  │ All four tests pass, and the mean of the two in the",
        "  │ middle is taken where it is even.",
      ].join("\n"),
    );
  });

  test("hangs behind its mark, whose colours have no width", () => {
    const lines = wrapped(`\u001b[32m✓\u001b[39m bash ${prose}`, "  ", 60).split("\n");
    expect(lines.map(stripVTControlCharacters)).toEqual([
      "  ✓ bash All four tests pass, and the mean of the two in the",
      "    middle is taken where it is even.",
    ]);
  });

  test.each([
    ["no terminal", undefined],
    ["room enough", 200],
    ["a terminal that is hardly one", 20],
  ])("stays whole with %s", (_, columns) => {
    expect(wrapped(prose, "  ", columns)).toBe(`  ${prose}`);
  });

  test("keeps a word that is longer than the terminal, and columns of spaces that fit", () => {
    const id = "x".repeat(70);
    expect(wrapped(`owner ${id} with it`, "  ", 60)).toBe(`  owner\n  ${id}\n  with it`);
    expect(wrapped("held      $0.01  before it", "  ", 60)).toBe("  held      $0.01  before it");
  });
});
