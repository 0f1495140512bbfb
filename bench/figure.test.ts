import { describe, expect, test } from "vitest";
import { isMet, type Row } from "./figure.ts";

const row = { what: "p50", unit: "ms", value: 12 } as const;
const baseline = { what: "bare", value: 10 };

describe("isMet()", () => {
  test.each<[boolean | null, string, Row]>([
    [true, "a value at its goal", { ...row, goal: { of: "value", atMost: 12 } }],
    [false, "a value beyond it", { ...row, goal: { of: "value", atMost: 11.9 } }],
    [true, "a ratio at its goal", { ...row, baseline, goal: { of: "ratio", atMost: 1.2 } }],
    [false, "a ratio below it", { ...row, baseline, goal: { of: "ratio", atLeast: 1.3 } }],
    [false, "a ratio without a baseline", { ...row, goal: { of: "ratio", atMost: 5 } }],
    [null, "a row that only states", row],
  ])("%s: %s", (met, _what, held) => {
    expect(isMet(held)).toBe(met);
  });
});
