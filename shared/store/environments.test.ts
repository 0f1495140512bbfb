import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SealedSecrets } from "./environments.ts";

test("sealed secrets as they were stored before they could be bound to hosts are read", () => {
  const file = "test/fixtures/documents/sealed-secrets-before-bindings.json";
  const { values } = SealedSecrets.parse(JSON.parse(readFileSync(file, "utf8")));
  expect(values.TOKEN).toMatchObject({ sealed: "c2VhbGVk", binding: null });
});
