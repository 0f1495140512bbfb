import { describe, expect, test } from "vitest";
import { isRedactable, unitsOf } from "./units.ts";

describe("isRedactable()", () => {
  test.each([
    ["hunter22", true],
    ["hunter2", false],
    ["  hunter2  ", false],
    ["hunt\ner2", false],
    ["hunt\r\ner22", true],
    ["a b c d", false],
    ["\n\n\n\n\n\n\n\n\n", false],
  ])("%j: %s", (value, answer) => {
    expect(isRedactable(value)).toBe(answer);
    expect([...unitsOf([{ key: "K", value }])].length > 0).toBe(answer);
  });
});

describe("unitsOf()", () => {
  const textsOf = (value: string) => [...unitsOf([{ key: "K", value }])].map(({ text }) => text);

  test("has one for a value of one line", () => {
    expect(textsOf(" hunter22\n")).toEqual(["hunter22"]);
  });

  test("has lines of eight characters, trimmed, and the whole with other breaks", () => {
    const texts = textsOf("  first  line\n\tshort\nsecond line\n");
    expect(texts).toContain("first  line");
    expect(texts).toContain("first line");
    expect(texts).toContain("second line");
    expect(texts).not.toContain("short");
    expect(texts).toContain("first  line\r\n\tshort\r\nsecond line");
    expect(texts).toContain("first line short second line");
  });

  test("takes a break that is escaped any number of times for one, and no other backslash", () => {
    const value = String.raw`first line\nsecond line\r\\nthird \line\r\xfourth`;
    const texts = textsOf(value);
    for (const text of [
      "first line",
      "second line",
      String.raw`third \line`,
      String.raw`\xfourth`,
    ]) {
      expect(texts).toContain(text);
    }
  });

  test("has pieces that overlap and never end within a character", () => {
    const value = "😀".repeat(300);
    const texts = textsOf(value);
    expect(texts.length).toBeGreaterThan(2);
    for (const text of texts) expect(text.isWellFormed()).toBe(true);
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    expect(length).toBeGreaterThan(value.length);
  });
});
