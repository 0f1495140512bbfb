import { describe, expect, test } from "vitest";
import { LineIndex } from "./line-index.ts";

describe("a LineIndex", () => {
  const index = new LineIndex();
  index.record("file", Buffer.from("one\ntwo\ntwo\nthree"));
  index.record("binary", Buffer.from("a\0b\n"));

  test.each([
    ["file", "one\ntwo\ntwo\nthree", 0, 0],
    ["file", "one\ntwo\nthree\n", 0, 1],
    ["file", "zero\none\ntwo\ntwo\nthree\nfour\n", 2, 0],
    ["file", "", 0, 4],
    ["new", "a\nb\n", 2, 0],
    ["new", "", 0, 0],
    ["binary", "a\n", 1, 0],
  ])("%s becoming %j: %i more, %i fewer", (path, text, additions, deletions) => {
    expect(index.compare(path, Buffer.from(text))).toEqual({ additions, deletions });
  });

  test("counts a deleted file's lines", () => {
    expect(index.compare("file", undefined)).toEqual({ additions: 0, deletions: 4 });
  });
});
