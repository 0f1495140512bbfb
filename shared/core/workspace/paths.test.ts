import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../../test/kit/draws.ts";
import { confinePath, isConfined, linkTargetFault } from "./paths.ts";

describe("confinePath()", () => {
  test.each([
    ["a", "a"],
    ["./a/./b", "a/b"],
    ["a/.hidden", "a/.hidden"],
    ["..a/b..", "..a/b.."],
    ["naïve/😀 name", "naïve/😀 name"],
  ])("%s is %s", (raw, path) => {
    expect(confinePath(raw)).toEqual({ path });
  });

  test.each([
    ["", "is empty"],
    [".", "has an empty segment"],
    ["/etc/passwd", "is absolute"],
    ["a//b", "has an empty segment"],
    ["a/", "has an empty segment"],
    ["a/../../b", "leaves the workspace"],
    ["..", "leaves the workspace"],
    ["a\0b", "holds a control character"],
    ["a\nb", "holds a control character"],
    ["a\u0085b", "holds a control character"],
    ["\ud800", "isn't valid Unicode"],
    ["x".repeat(256), "has a segment longer than 255 bytes"],
    [`${"é/".repeat(400)}end`, "is longer than 1024 bytes"],
  ])("%j is refused: %s", (raw, refused) => {
    expect(confinePath(raw)).toEqual({ refused });
  });
});

describe("isConfined()", () => {
  const piece = fc.constantFrom(
    "a",
    ".",
    "/",
    "..",
    "é",
    "😀",
    "\ud800",
    "\0",
    "\u0085",
    "漢".repeat(84),
  );

  test("says of each path what confinePath() does", () => {
    const paths = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(paths, (path) => {
        expect(isConfined(path)).toBe(confinePath(path).path === path);
      }),
      { numRuns: draws(1_000) },
    );
  });

  test.each([
    ["x".repeat(255), true],
    ["x".repeat(256), false],
    ["漢".repeat(85), true],
    [`${"漢".repeat(85)}x`, false],
    [`${"x".repeat(255)}/`.repeat(4).slice(0, 1_023), true],
    [`${"x".repeat(200)}/`.repeat(5) + "x".repeat(19), true],
    [`${"x".repeat(200)}/`.repeat(5) + "x".repeat(20), false],
  ])("%j: %s", (path, confined) => {
    expect(isConfined(path)).toBe(confined);
    expect(confinePath(path).path === path).toBe(confined);
  });
});

describe("linkTargetFault()", () => {
  test.each(["/usr/bin/python3", "../../out", "a/../b", "x".repeat(4_095), "a\nb"])(
    "%j is text like any other",
    (target) => expect(linkTargetFault(target)).toBeUndefined(),
  );

  test.each(["", "\ud800", "a\0b", "x".repeat(4_096), "é".repeat(2_048)])(
    "%j can't be one",
    (target) => expect(linkTargetFault(target)).toMatch(/^is a link /),
  );
});
