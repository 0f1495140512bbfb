import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Account, heldMicrousd } from "./account.ts";

test("a hold from before slices holds what it held, all of it of its day", () => {
  const stored = readFileSync("test/fixtures/documents/account-before-slices.json", "utf8");
  const account = Account.parse(JSON.parse(stored));
  expect(heldMicrousd(account, { day: "2026-01-31", month: "2026-01" })).toBe(20_000);
  expect(account.limits.concurrentMax).toBeNull();
});
