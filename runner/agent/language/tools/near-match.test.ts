import { describe, expect, test } from "vitest";
import { findNearMatch } from "./near-match.ts";

const file = [
  "function one() {",
  "    return 1;",
  "}",
  "",
  "function twelve() {",
  "    const a = 10;",
  "    return a + 2;",
  "}",
].join("\n");

describe("the text that a model probably meant", () => {
  test("differs in spaces alone", () => {
    expect(findNearMatch(file, "\nconst a=10;\n  return a+2;\n")).toEqual({
      firstLine: 6,
      text: "    const a = 10;\n    return a + 2;",
      difference: "indentation or spaces",
    });
  });

  test("differs in a few characters of some lines", () => {
    const near = findNearMatch(file, "function twelve() {\n    const a = 11;\n    return a + 2;");
    expect(near).toMatchObject({ firstLine: 5, difference: "some lines" });
  });

  test("isn't guessed if nothing is like it", () => {
    expect(findNearMatch(file, "class Other {\n  run() {}\n}")).toBeNull();
    expect(findNearMatch(file, "  \n")).toBeNull();
  });

  test("isn't looked for as long as the lines of a large file are like all that is wanted", () => {
    const half = "a".repeat(1_600);
    const wanted = `${half}bb${half}\n`.repeat(200);
    const content = `${half}${half}\n`.repeat(19_000);
    expect(findNearMatch(content, wanted)).toMatchObject({ firstLine: 1 });
  });
});
