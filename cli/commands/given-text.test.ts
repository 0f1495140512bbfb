import { expect, test } from "vitest";
import { pairsFrom } from "./given-text.ts";

test("pairs are taken as they are given", () => {
  expect(pairsFrom("input", undefined)).toBeUndefined();
  expect(pairsFrom("input", ["a=1", "b=x=y", "c="])).toEqual({ a: "1", b: "x=y", c: "" });
});

test("none of two values of one name is dropped", () => {
  expect(() => pairsFrom("input", ["a=1", "b=2", "a=3"])).toThrow("--input gives a twice");
});
