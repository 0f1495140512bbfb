import { expect, test } from "vitest";
import { leastOf, leastParts } from "./kit/least-cost.ts";

const cost = (reads: number) => ({ reads, writes: 1, roundTrips: 1 });

test("each part of what is measured has its own least cost, in whichever sample", async () => {
  const samples = [
    { start: cost(6), end: cost(5) },
    { start: cost(5), end: cost(7) },
    { start: cost(6), end: cost(7) },
  ];
  const sample = async () => samples.shift() ?? { start: cost(9), end: cost(9) };
  const most = { start: cost(5), end: cost(5) };
  expect(await leastParts(sample, most)).toEqual(most);
  expect(samples, "no more samples than needed").toHaveLength(1);
});

test("a cost that has grown is still found, and nothing is asked forever", async () => {
  let asked = 0;
  const sample = async () => {
    asked += 1;
    return cost(6);
  };
  expect(await leastOf(sample, cost(5))).toEqual(cost(6));
  expect(asked).toBeLessThan(100);
});
