import { expect, test } from "vitest";
import { keyRefusal } from "./key-refusal.ts";

const now = 1_760_000_000_000;
const key = {
  expiresAt: now + 1,
  revokedAt: null,
  ownerState: "active",
  containedBy: null,
  mode: "production",
  addressRanges: ["192.0.2.0/24"],
} as const;
const use = { mode: "production", address: "192.0.2.7" } as const;

test("a valid key isn't refused", () => {
  expect(keyRefusal(key, use, now)).toBeNull();
  expect(keyRefusal({ ...key, expiresAt: null, addressRanges: null }, use, now)).toBeNull();
});

test.each([
  ["one that has expired", { ...key, expiresAt: now }, use, "UNAUTHORIZED"],
  ["one that was revoked", { ...key, revokedAt: now - 1 }, use, "UNAUTHORIZED"],
  ["one of a suspended owner", { ...key, ownerState: "suspended" }, use, "UNAUTHORIZED"],
  ["one that a containment holds", { ...key, containedBy: "ctm_a" }, use, "UNAUTHORIZED"],
  ["one with another mode's prefix", key, { ...use, mode: "development" }, "UNAUTHORIZED"],
  ["one from an address out of its ranges", key, { ...use, address: "198.51.100.7" }, "FORBIDDEN"],
] as const)("%s is refused", (_which, stored, presented, code) => {
  expect(keyRefusal(stored, presented, now)).toMatchObject({ code });
});
