import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LedgerEntry } from "./owners.ts";

test("a ledger line from before it was noted what it was spent on is read", () => {
  const stored = readFileSync("test/fixtures/documents/ledger-entry-before-purposes.json", "utf8");
  const added = { environmentId: null, agentId: null, projectId: null, model: null };
  expect(LedgerEntry.parse(JSON.parse(stored))).toMatchObject(added);
});
