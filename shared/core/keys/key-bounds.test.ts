import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../../test/kit/draws.ts";
import { isInRanges } from "../network/address-range.ts";
import { exceeded, type KeyBounds, unbounded } from "./key-bounds.ts";
import { allows, scopes } from "./scopes.ts";

/** Few values of each kind, so that bounds often lie within each other. */
const few = fc.option(fc.nat(3), { nil: null, freq: 1 });
const environment = fc.constantFrom("env_a", "env_b", "env_c");
const range = fc.constantFrom(
  "10.0.0.0/8",
  "10.1.0.0/16",
  "10.1.2.3",
  "0.0.0.0/0",
  "2001:db8::/32",
);
const listOf = (one: fc.Arbitrary<string>) =>
  fc.option(fc.uniqueArray(one, { minLength: 1 }), { nil: null, freq: 1 });
const bounds: fc.Arbitrary<KeyBounds> = fc.record({
  scopes: fc.oneof(
    fc.constant(["*"] as const),
    fc.uniqueArray(fc.constantFrom(...scopes), { minLength: 1, maxLength: 4 }),
  ),
  expiresAt: few,
  environmentIds: listOf(environment),
  addressRanges: listOf(range),
  executionCostMaxMicrousd: few,
  dayCostMaxMicrousd: few,
});
/** Something a key might be used for. */
const use = fc.record({
  scope: fc.constantFrom(...scopes),
  at: fc.nat(4),
  environmentId: environment,
  address: fc.constantFrom("10.1.2.3", "10.1.9.9", "10.9.9.9", "192.0.2.1", "2001:db8::1"),
  costMicrousd: fc.nat(4),
});
type Use = typeof use extends fc.Arbitrary<infer U> ? U : never;

function permits(
  bounds: KeyBounds,
  { scope, at, environmentId, address, costMicrousd }: Use,
): boolean {
  return (
    allows(bounds.scopes, scope) &&
    (bounds.expiresAt === null || at < bounds.expiresAt) &&
    (bounds.environmentIds === null || bounds.environmentIds.includes(environmentId)) &&
    (bounds.addressRanges === null || isInRanges(address, bounds.addressRanges)) &&
    (bounds.executionCostMaxMicrousd === null || costMicrousd <= bounds.executionCostMaxMicrousd) &&
    (bounds.dayCostMaxMicrousd === null || costMicrousd <= bounds.dayCostMaxMicrousd)
  );
}

describe("KEY-4 a key can't make one that may more than itself", () => {
  test("whatever the bounds: what the new key permits, its maker does", () => {
    let within = 0;
    fc.assert(
      fc.property(bounds, bounds, fc.array(use, { minLength: 1 }), (made, maker, uses) => {
        if (exceeded(made, maker) !== null) return;
        within += 1;
        for (const one of uses) if (permits(made, one)) expect(permits(maker, one)).toBe(true);
      }),
      { numRuns: draws(5_000) },
    );
    // Without enough accepted pairs, the property would prove nothing.
    expect(within).toBeGreaterThan(25);
  });

  test("nor by way of a third: within is passed on", () => {
    const narrowed = bounds.map((one) => ({ ...one, dayCostMaxMicrousd: null }));
    fc.assert(
      fc.property(narrowed, narrowed, narrowed, (a, b, c) => {
        if (exceeded(a, b) === null && exceeded(b, c) === null) {
          expect(exceeded(a, c)).toBeNull();
        }
      }),
      { numRuns: draws(5_000) },
    );
  });

  test("but one that may do exactly as much, unless it has a daily ceiling, which two would spend twice", () => {
    fc.assert(
      fc.property(bounds, (own) => {
        const expected = own.dayCostMaxMicrousd === null ? null : "dayCostMaxMicrousd";
        expect(exceeded(own, own)).toBe(expected);
        expect(exceeded(own, unbounded)).toBeNull();
      }),
    );
  });

  test.each([
    ["scopes", { scopes: ["execute"] }],
    ["expiresAt", { expiresAt: 5 }],
    ["environmentIds", { environmentIds: ["env_a"] }],
    ["addressRanges", { addressRanges: ["10.0.0.0/8"] }],
    ["executionCostMaxMicrousd", { executionCostMaxMicrousd: 5 }],
  ] as const)("no key without %s by one that has it", (bound, own) => {
    expect(exceeded(unbounded, { ...unbounded, ...own })).toBe(bound);
  });
});
