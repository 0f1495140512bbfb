import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addRefusals,
  otherNetworks,
  type RefusalCounts,
  refusedNetworksMax,
} from "./refused-uses.ts";

const refusal = fc.record({
  network: fc.integer({ min: 0, max: 12 }).map((number) => `network-${number}`),
  reason: fc.constantFrom("revoked" as const, "scope" as const),
  count: fc.integer({ min: 1, max: 300 }),
});

test("refusals are counted exactly, and a row is due for each power of ten, once", () => {
  fc.assert(
    fc.property(fc.array(fc.array(refusal)), (batches) => {
      let counts: RefusalCounts = {};
      const rows: string[] = [];
      for (const batch of batches) {
        const added = addRefusals(counts, batch);
        ({ counts } = added);
        rows.push(
          ...added.milestones.map(
            ({ network, reached, refusal: { reason } }) => `${network} ${reason} ${reached}`,
          ),
        );
      }
      const total = batches.flat().reduce((sum, { count }) => sum + count, 0);
      expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(total);
      expect(new Set(rows).size).toBe(rows.length);
      for (const [name, count] of Object.entries(counts)) {
        const reached = 10 ** Math.floor(Math.log10(count) + 1e-9);
        expect(rows).toContain(`${name} ${reached}`);
      }
      const networks = new Set(Object.keys(counts).map((name) => name.split(" ")[0]));
      networks.delete(otherNetworks);
      expect(networks.size).toBeLessThanOrEqual(refusedNetworksMax);
    }),
  );
});

test("ten refusals in ten batches are two rows", () => {
  let counts: RefusalCounts = {};
  const reached: number[] = [];
  for (let time = 0; time < 10; time += 1) {
    const added = addRefusals(counts, [{ network: "a", reason: "revoked", count: 1 } as const]);
    ({ counts } = added);
    reached.push(...added.milestones.map((milestone) => milestone.reached));
  }
  expect(reached).toEqual([1, 10]);
});
