import { expect, test } from "vitest";
import { CountedTotals } from "./counted-page.ts";

test("the number of a long list is answered for ten seconds, that of another never", () => {
  let nowMs = 0;
  const totals = new CountedTotals(() => nowMs);
  totals.note("short", 1_000);
  totals.note("long", 1_001);
  expect([totals.ofLongList("short"), totals.ofLongList("long")]).toEqual([null, 1_001]);
  nowMs = 9_999;
  expect(totals.ofLongList("long")).toBe(1_001);
  nowMs = 10_000;
  expect(totals.ofLongList("long")).toBeNull();
});

test("what was counted last says whether a page will need a count, however old it is", () => {
  let nowMs = 0;
  const totals = new CountedTotals(() => nowMs);
  expect(totals.wasLonger("list", 50)).toBe(false);
  totals.note("list", 51);
  nowMs = 1e9;
  expect([totals.wasLonger("list", 50), totals.wasLonger("list", 51)]).toEqual([true, false]);
});
