/** The language of conditions: what it says, and what it refuses. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../../test/kit/draws.ts";
import { ConditionError, parseCondition, stepsIn } from "./condition.ts";
import { includesText } from "./includes-text.ts";
import { isTrue } from "./is-true.ts";

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
    // Names that every object has.
    ["constructor"],
    ["__proto__"],
    ["toString == valueOf"],
    ["true == hasOwnProperty"],
  ])("%s is refused with a sentence", (text) => {
    expect(() => parseCondition(text)).toThrow(ConditionError);
    expect(() => parseCondition(text)).toThrow(/^(?:is|has|ends|can't) /);
  });

  test.each([
    ["lists", { inputs: { a: Array.from({ length: 14_000 }, () => 0) } }, 'inputs.a contains "1"'],
    ["texts", { inputs: { a: "x".repeat(30_000) } }, 'inputs.a == "1"'],
    ["blanks", { inputs: { a: " ".repeat(30_000) } }, "inputs.a > 1"],
  ])("may look at %s once, and not at ever more of it", (_what, inputs, once) => {
    const often = Array.from(
      { length: Math.floor(990 / (once.length + 9)) },
      () => `not ${once}`,
    ).join(" and ");
    expect(isTrue(parseCondition(once), inputs)).toBe(false);
    const many = () => isTrue(parseCondition(often), inputs);
    expect(many).toThrow("looks at more than 1,000,000 characters of inputs and answers");
  });

  test("finds a text in another as String.includes does, however both repeat themselves", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 60 });
    fc.assert(
      fc.property(text, text, fc.nat(60), fc.nat(20), (one, other, from, length) => {
        expect(includesText(one, other)).toBe(one.includes(other));
        const part = one.slice(from, from + length);
        expect(includesText(one, part)).toBe(true);
        expect(includesText(one, `${part}b`)).toBe(one.includes(`${part}b`));
      }),
      { numRuns: draws(1_000) },
    );
    // String.includes takes about nine milliseconds for each of these.
    const half = "a".repeat(4_000);
    const [long, wanted] = ["a".repeat(16_000), `${half}b${half}`];
    const began = process.cpuUsage();
    for (let count = 0; count < 100; count += 1) expect(includesText(long, wanted)).toBe(false);
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(500);
  });

  test("names the steps that it reads", () => {
    const condition = parseCondition('steps.a.output and (steps["b c"].status == "x" or inputs.d)');
    expect(stepsIn(condition)).toEqual(["a", "b c"]);
  });
});
