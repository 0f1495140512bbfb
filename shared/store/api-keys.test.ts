import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ApiKey } from "./api-keys.ts";

test("a key as it was stored before it could be bounded is read as unbounded", () => {
  const stored = readFileSync("test/fixtures/documents/api-key-before-bounds.json", "utf8");
  expect(ApiKey.parse(JSON.parse(stored))).toMatchObject({
    scopes: ["threads:read", "execute"],
    environmentIds: null,
    addressRanges: null,
    executionCostMaxMicrousd: null,
    dayCostMaxMicrousd: null,
    pepperId: null,
    replacedBy: null,
    lastUsedAt: null,
    lastUsedIp: null,
  });
});
