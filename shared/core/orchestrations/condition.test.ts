/** The language of conditions: what it says, and what it refuses. */
import { describe, expect, test } from "vitest";
import { ConditionError, isTrue, parseCondition, stepsIn } from "./condition.ts";

const known = {
  inputs: { mode: "draft", count: 3, tags: ["a", "b"], nested: { deep: true } },
  steps: {
    review: { status: "completed", output: "approved\n", error: null },
    "a step": { status: "skipped", output: null, error: null },
    each: { status: "completed", output: ["one\n", "two"], error: [null, null] },
  },
};

describe("a condition", () => {
  test.each([
    ['steps.review.output == "approved"', true],
    ["steps.review.output contains 'prove'", true],
    ['steps["a step"].status == "skipped" and not inputs.missing', true],
    ["inputs.count >= 3 and inputs.count < 4", true],
    ['inputs.count == "3"', true],
    ['inputs.tags contains "b"', true],
    ['steps.each.output contains "one"', true],
    ['inputs.tags[0] == "a"', true],
    ["inputs.nested.deep", true],
    ['inputs.mode == "draft" or nonsense'.replace(" or nonsense", ""), true],
    ['not (inputs.mode == "draft" or inputs.count == 3)', false],
    ['inputs.mode == "live" or inputs.mode == "draft" and inputs.count == 4', false],
    ["steps.review.error", false],
    ['inputs.mode < "a"', false],
    // What objects inherit isn't theirs.
    ["inputs.constructor", false],
    ["inputs.mode.length", false],
    ['"\\"" == "\\""', true],
  ])("%s is %s", (text, expected) => {
    expect(isTrue(parseCondition(text), known)).toBe(expected);
  });

  test.each([
    [""],
    ["process.exit()"],
    ["steps.review.output =="],
    ["steps.review.output = 1"],
    ["inputs.mode == 'draft' 1"],
    ["(inputs.mode"],
    ["inputs."],
    ["inputs['a'"],
    ["a".repeat(1_001)],
    [`${"not ".repeat(30)}true`],
    [`${"(".repeat(30)}true${")".repeat(30)}`],
    ["inputs.mode == `draft`"],
  ])("%s is refused with a sentence", (text) => {
    expect(() => parseCondition(text)).toThrow(ConditionError);
    expect(() => parseCondition(text)).toThrow(/^(?:is|has|ends|can't) /);
  });

  test("names the steps that it reads", () => {
    const condition = parseCondition('steps.a.output and (steps["b c"].status == "x" or inputs.d)');
    expect(stepsIn(condition)).toEqual(["a", "b c"]);
  });
});
