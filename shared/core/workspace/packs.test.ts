import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partsByBlob, planPacks } from "./packs.ts";

const blobs = fc.uniqueArray(
  fc.record({ sha256: fc.string({ minLength: 1 }), sizeBytes: fc.integer({ min: 0, max: 50 }) }),
  { selector: ({ sha256 }) => sha256 },
);

describe("planPacks()", () => {
  test("gives every byte of every blob one place, in packs that aren't too large", () => {
    fc.assert(
      fc.property(blobs, fc.integer({ min: 1, max: 120 }), (all, packBytes) => {
        const plans = planPacks(all, packBytes);
        const parts = partsByBlob(
          plans,
          plans.map((_, index) => `pack ${index}`),
        );
        for (const { sizeBytes, segments } of plans) {
          expect(sizeBytes).toBeLessThanOrEqual(packBytes);
          let end = 0;
          for (const segment of segments) {
            expect(segment.packOffsetBytes).toBe(end);
            end += segment.sizeBytes;
          }
          expect(end).toBe(sizeBytes);
        }
        for (const { sha256, sizeBytes } of all) {
          const sizes = (parts.get(sha256) ?? []).map((part) => part.sizeBytes);
          expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(sizeBytes);
        }
      }),
    );
  });

  test("keeps a blob whole that fits a pack", () => {
    const plans = planPacks(
      [
        { sha256: "a", sizeBytes: 6 },
        { sha256: "b", sizeBytes: 6 },
      ],
      10,
    );
    expect(plans.map(({ sizeBytes }) => sizeBytes)).toEqual([6, 6]);
  });

  test("cuts one that fits none", () => {
    const plans = planPacks([{ sha256: "a", sizeBytes: 25 }], 10);
    expect(partsByBlob(plans, ["x", "y", "z"]).get("a")).toEqual([
      { pack: "x", offsetBytes: 0, sizeBytes: 10 },
      { pack: "y", offsetBytes: 0, sizeBytes: 10 },
      { pack: "z", offsetBytes: 0, sizeBytes: 5 },
    ]);
  });

  test("stores a blob once, however often it is named, and an empty one nowhere", () => {
    const blob = { sha256: "a", sizeBytes: 3 };
    expect(planPacks([blob, blob, { sha256: "empty", sizeBytes: 0 }])).toHaveLength(1);
    expect(planPacks([])).toEqual([]);
  });
});
