import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SealedSecrets } from "./environments.ts";

test("sealed secrets as they were stored before they could be bound to hosts are read", () => {
  const file = "test/fixtures/documents/sealed-secrets-before-bindings.json";
  const { values } = SealedSecrets.parse(JSON.parse(readFileSync(file, "utf8")));
  expect(values).toEqual([
    { key: "TOKEN", sealed: "c2VhbGVk", updatedAt: 1_790_000_000_000, binding: null },
  ]);
});
