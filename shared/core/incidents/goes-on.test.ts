import { expect, test } from "vitest";
import { hourMs } from "../retention/periods.ts";
import { goesOn } from "./goes-on.ts";

const closedAt = 1_000 * hourMs;
const closed = { amount: 1_000, closedAt };

test.each([
  ["refusals", 1_999, hourMs - 1, false],
  ["refusals", 2_000, 1, true],
  ["refusals", 1_000, hourMs, true],
  ["refusals", 9_000, 0, false],
  ["refusals", 9_000, -1, false],
  ["networks", 1_000, hourMs, true],
  ["spending", 1_999, 12 * hourMs, false],
  ["spending", 2_000, 1, true],
  ["downloads", 1_999, 12 * hourMs, false],
  ["ledger", 1, hourMs, true],
] as const)("INC-1 %s of %d, %d ms after an incident was closed: goes on: %s", (...row) => {
  const [detector, amount, sinceMs, expected] = row;
  expect(goesOn(closed, { detector, amount, at: closedAt + sinceMs })).toBe(expected);
});

test("INC-1 an incident that doesn't say when it was closed hides nothing", () => {
  const finding = { detector: "ledger", amount: 1, at: closedAt } as const;
  expect(goesOn({ amount: 1, closedAt: null }, finding)).toBe(true);
});
