import { expect, test } from "vitest";
import { gaveWay } from "./gave-way.ts";

test.each([
  ["a rotation has ended", { replacedBy: "key_b", expiresAt: 5, revokedAt: 5 }, true],
  ["a rotation ends now", { replacedBy: "key_b", expiresAt: 5, revokedAt: null }, true],
  ["is in its grace period", { replacedBy: "key_b", expiresAt: 8, revokedAt: null }, false],
  ["was revoked in its grace period", { replacedBy: "key_b", expiresAt: 6, revokedAt: 5 }, false],
  ["has expired", { replacedBy: null, expiresAt: 5, revokedAt: 5 }, false],
  ["was revoked", { replacedBy: null, expiresAt: null, revokedAt: 5 }, false],
])("KEY-5 what a key that %s gave way to: %j is %s", (_what, key, expected) => {
  expect(gaveWay(key, 7)).toBe(expected);
});
