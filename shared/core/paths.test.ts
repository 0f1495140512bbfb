import { describe, expect, test } from "vitest";
import { confinePath, confineSymlink } from "#shared/core/paths";

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

describe("confineSymlink()", () => {
  test.each([
    ["a/link", "file", true],
    ["a/link", "../file", true],
    ["a/b/link", "../../c", true],
    ["link", "a/../b", true],
    ["link", "..", false],
    ["a/link", "../../file", false],
    ["a/link", "b/../../../x", false],
    ["link", "/etc/passwd", false],
    ["link", "", false],
    ["link", "a\0", false],
  ])("%s → %s is inside: %s", (path, target, inside) => {
    expect(confineSymlink(path, target)).toBe(inside);
  });
});
