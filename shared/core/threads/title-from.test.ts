import { expect, test } from "vitest";
import { titleFrom } from "./title-from.ts";

test.each([
  ["# Build the report\nthen mail it", "Build the report"],
  ["\n\n---\n- fix   the tests. Then push.", "fix the tests"],
  ["Is it done? If not, why", "Is it done?"],
  [
    "Read all of the files in the folder and write down what each of them is for",
    "Read all of the files in the folder and write down what…",
  ],
  [`${"x".repeat(80)}`, `${"x".repeat(59)}…`],
  ["…!?", null],
])("the title of %j is %j", (text, title) => {
  expect(titleFrom(text)).toBe(title);
});
