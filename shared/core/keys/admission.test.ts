import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Account } from "../money/account.ts";
import { admits, close, holdsKey, openAdmission } from "./admission.ts";

const now = 1_760_000_000_000;

describe("close()", () => {
  test("closes the keys it names, and no others", () => {
    const closed = close(openAdmission, "key_a", now);
    expect(admits(closed, "key_a")).toBe(false);
    expect(admits(closed, "key_b")).toBe(true);
    expect(admits(openAdmission, "key_a")).toBe(true);
  });

  test("forgets a key only when none of its requests can be under way", () => {
    const closed = close(openAdmission, "key_a", now);
    const soon = close(closed, "key_b", now + 10 * 60_000);
    expect(Object.keys(soon.closedKeys)).toEqual(["key_a", "key_b"]);
    const later = close(soon, "key_c", now + 20 * 60_000);
    expect(Object.keys(later.closedKeys)).toEqual(["key_b", "key_c"]);
  });

  test("handles a key that is named like an inherited property", () => {
    expect(admits(openAdmission, "constructor")).toBe(true);
  });
});

test("a suspended owner's keys begin nothing", () => {
  expect(admits({ ...openAdmission, suspendedAt: now }, "key_a")).toBe(false);
});

test("an account as it was stored before keys could be closed in it admits them all", () => {
  const stored = readFileSync("test/fixtures/documents/account-before-admission.json", "utf8");
  expect(Account.parse(JSON.parse(stored)).admission).toEqual(openAdmission);
});

test("INC-4 what an account holds is a key with all that it was rotated from and to", () => {
  const account = { contained: { key_first: 1 } };
  expect(holdsKey(account, { id: "key_first", lineageId: null })).toBe(true);
  expect(holdsKey(account, { id: "key_third", lineageId: "key_first" })).toBe(true);
  expect(holdsKey(account, { id: "key_other", lineageId: null })).toBe(false);
});
