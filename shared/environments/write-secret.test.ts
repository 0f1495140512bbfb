/** How much an environment's secrets may be, and that the page says so. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { secretsMax } from "../contract/secret.ts";
import { newOwner } from "../owners/act-on-owner.ts";
import { newSealingPair, seal } from "../secrets/sealing.ts";
import { fieldsBytes } from "../store/document-room.ts";
import { environments, sealedSecrets } from "../store/environments.ts";
import { secretsBytesMax, storeSecret } from "./write-secret.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const { publicKey } = await newSealingPair();
const sealedOf = async (bytes: number) =>
  await seal(publicKey, Buffer.alloc(bytes, "x"), ["owner", "place"]);
const binding = (count: number) => ({
  hosts: Array.from({ length: count }, () => "h".repeat(253)),
  headers: Array.from({ length: count }, () => "n".repeat(100)),
});

/** Stores one more secret beside these. */
function store(
  values: readonly object[],
  one: { readonly sealed: string; readonly hosts?: number },
) {
  const id = `env_${"a".repeat(21)}`;
  const read = {
    environment: { ref: environments.of(owner, id), value: { id, secretKeys: [] }, version: "1" },
    stored: { ref: sealedSecrets.of(owner, id), value: { values }, version: "1" },
    sealed: { sealed: one.sealed, binding: one.hosts ? binding(one.hosts) : null },
  };
  return storeSecret(read as never, "ONE", 0).writes;
}

test("the values of an environment may have all that its page says, and no byte more", async () => {
  const each = Math.floor(secretsBytesMax / secretsMax);
  const sealed = await sealedOf(each);
  const values = Array.from({ length: secretsMax - 1 }, (_, index) => {
    return { key: `K${index}`.padEnd(128, "x"), sealed, binding: null, updatedAt: 0 };
  });
  const left = secretsBytesMax - each * values.length;
  const writes = store(values, { sealed: await sealedOf(left) });
  expect(Math.max(...writes.map(fieldsBytes))).toBeLessThan(1_048_576 - 1_500);
  const more = await sealedOf(left + 1);
  expect(() => store(values, { sealed: more })).toThrow(/100 secrets of 600 KiB in all/);
  const page = readFileSync("docs/secrets.md", "utf8");
  expect(page).toContain(`${secretsMax} secrets of ${secretsBytesMax / 1_024} KiB in all`);
});

test("bindings that a document has no room for are refused", async () => {
  const sealed = await sealedOf(6_000);
  const values = Array.from({ length: secretsMax - 1 }, (_, index) => {
    return { key: `K${index}`, sealed, binding: binding(9), updatedAt: 0 };
  });
  expect(() => store(values, { sealed, hosts: 9 })).toThrow(/too many hosts and headers/);
});
