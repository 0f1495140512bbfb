import { describe, expect, test } from "vitest";
import { expiryOf, isExpired } from "./expiry.ts";
import { dayMs, hourMs } from "./periods.ts";
import { collectionPlaces, hasTimeToLive } from "./retention-places.ts";

const writtenAt = 1_800_000_000_000;
const promised = [
  ["executionLogs", 30 * dayMs],
  ["keyRequests", dayMs],
  ["transfers", 8 * dayMs],
  ["trailReads", 2 * hourMs],
  ["mailCounts", 2 * dayMs],
  ["notices", 400 * dayMs],
] as const;

describe("DAT-6 what expires", () => {
  test.each(promised)("%s are kept for their whole period, and no longer", (name, keptMs) => {
    const document = { expireAt: expiryOf(name, writtenAt) };
    expect(isExpired(document, writtenAt)).toBe(false);
    expect(isExpired(document, writtenAt + keptMs - 1)).toBe(false);
    expect(isExpired(document, writtenAt + keptMs)).toBe(true);
  });

  test("is everything with a time to live", () => {
    const periods = new Set(
      collectionPlaces.filter(hasTimeToLive).map(({ class: { keptMs } }) => keptMs),
    );
    expect(periods).toEqual(new Set(promised.map(([, keptMs]) => keptMs)));
  });
});
