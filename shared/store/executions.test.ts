import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Execution } from "./executions.ts";

const folder = "test/fixtures/documents";

function fixture(name: string): object {
  return JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8"));
}

describe("an execution as it was stored", () => {
  test("before it could be cancelled or wait for room is read", () => {
    const read = Execution.parse(fixture("execution-before-cancellation"));
    const added = { waitingSince: null, cancelRequestedAt: null, claimantSha256: null };
    expect(read).toMatchObject(added);
  });

  test("before its message's secrets were its own is read", () => {
    const { sealedSecrets } = Execution.parse(fixture("execution-before-own-secrets"));
    const sealed = { key: "TOKEN", sealed: "c2VhbGVk", of: "environment", binding: null };
    expect(sealedSecrets).toEqual([sealed]);
  });

  // Fields that a later version adds don't concern this one, and mustn't stop it.
  test("by a later version is read without what it added", () => {
    const later = { ...fixture("execution-before-cancellation"), addedLater: 1 };
    expect(Execution.parse(later)).not.toHaveProperty("addedLater");
  });
});
