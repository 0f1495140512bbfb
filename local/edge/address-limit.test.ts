import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AddressLimit } from "./address-limit.ts";

const windowMs = 1_000;

describe("AddressLimit", () => {
  test("admits exactly the limit, then says when the next one may come", () => {
    let nowMs = 0;
    const limit = new AddressLimit({ requestsMax: 2, windowMs, now: () => nowMs });
    expect(limit.take("a")).toMatchObject({ admitted: true, remaining: 1 });
    nowMs = 400;
    expect(limit.take("a")).toMatchObject({ admitted: true, remaining: 0, resetSeconds: 1 });
    expect(limit.take("a")).toMatchObject({ admitted: false, remaining: 0 });
    expect(limit.take("b")).toMatchObject({ admitted: true });
    nowMs = 999;
    expect(limit.take("a").admitted).toBe(false);
    nowMs = 1_000;
    expect(limit.take("a").admitted).toBe(true);
    expect(limit.take("a").admitted).toBe(false);
  });

  test("admits no more than the limit in any window, and refuses only when it is reached", () => {
    const gapsMs = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
    fc.assert(
      fc.property(gapsMs, fc.integer({ min: 1, max: 5 }), (gaps, requestsMax) => {
        let nowMs = 0;
        const limit = new AddressLimit({ requestsMax, windowMs, now: () => nowMs });
        const admittedMs: number[] = [];
        for (const gap of gaps) {
          nowMs += gap;
          const inWindow = admittedMs.filter(
            (admittedAtMs) => admittedAtMs > nowMs - windowMs,
          ).length;
          const { admitted } = limit.take("a");
          expect(admitted).toBe(inWindow < requestsMax);
          if (admitted) admittedMs.push(nowMs);
        }
      }),
    );
  });

  // Forgetting an address would let an attacker reset its count by using many others.
  test("refuses a new address when it can't remember more, until one is idle", () => {
    let nowMs = 0;
    const limit = new AddressLimit({ requestsMax: 1, windowMs, addressesMax: 1, now: () => nowMs });
    expect(limit.take("a").admitted).toBe(true);
    expect(limit.take("b").admitted).toBe(false);
    expect(limit.take("a").admitted).toBe(false);
    nowMs = windowMs;
    expect(limit.take("b").admitted).toBe(true);
  });
});
