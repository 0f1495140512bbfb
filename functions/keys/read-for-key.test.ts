import { describe, expect, test } from "vitest";
import { openAdmission, rememberedMs } from "#shared/core/keys/admission";
import { accountWith } from "../../test/kit/sample-account.ts";
import { withKey } from "./read-for-key.ts";

const now = 1_800_000_000_000;
const read = { note: () => [], counted: { live: 1, made: null } };

function closedLately(count: number, closedAt: number) {
  const closedKeys = Object.fromEntries(
    Array.from({ length: count }, (_, key) => [`k${key}`, closedAt]),
  );
  return accountWith({ admission: { ...openAdmission, closedKeys } });
}

describe("KEY-10 a key that is made", () => {
  test("can be closed: none is while the account remembers a thousand that were", () => {
    const full = closedLately(1_000, now - 1);
    expect(() => withKey(full, read, now)).toThrow(/^1000 keys were closed within 15 minutes/);
    expect(withKey(closedLately(999, now - 1), read, now).updatedAt).toBe(now);
  });

  test("is made again when they are forgotten", () => {
    const earlier = closedLately(1_000, now - rememberedMs);
    const made = withKey(earlier, read, now);
    expect(made.updatedAt).toBe(now);
    expect(made.admission.closedKeys, "nor are they kept: nothing else may forget them").toEqual(
      {},
    );
  });
});
