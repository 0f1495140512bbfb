import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { checkKey, composeKey, hashKey, keyRandomBytes, shownPrefix } from "./api-key.ts";

const pepper = Buffer.alloc(32, 1);
const older = Buffer.alloc(32, 2);
const random = Buffer.alloc(keyRandomBytes, 7);

describe("KEY-2 composeKey()", () => {
  test.each([
    ["production", "tb_prod_"],
    ["development", "tb_dev_"],
  ] as const)("a %s key is %s and 64 hex characters", (mode, prefix) => {
    const key = composeKey(mode, random, pepper);
    expect(key).toMatch(new RegExp(`^${prefix}[0-9a-f]{64}$`));
    expect(checkKey(key, [pepper])).toBe(mode);
  });

  test("is stored as its SHA-256, and shown by a part that gives nothing away", () => {
    const key = composeKey("production", random, pepper);
    expect(hashKey(key)).toMatch(/^[0-9a-f]{64}$/);
    expect(key.startsWith(shownPrefix(key))).toBe(true);
    expect(key.length - shownPrefix(key).length).toBeGreaterThan(56);
  });
});

describe("KEY-3 checkKey()", () => {
  const key = composeKey("production", random, pepper);

  test("refuses keys of the right form that were never issued", () => {
    for (let index = 0; index < 1_000; index += 1) {
      expect(checkKey(`tb_prod_${randomBytes(32).toString("hex")}`, [pepper])).toBeNull();
    }
  });

  test.each([
    ["nothing", ""],
    ["another prefix", key.replace("tb_prod_", "tb_test_")],
    ["the other mode's prefix", key.replace("tb_prod_", "tb_dev_")],
    ["upper case", key.toUpperCase()],
    ["one character less", key.slice(0, -1)],
    ["a line break after it", `${key}\n`],
  ])("refuses %s", (_what, text) => {
    expect(checkKey(text, [pepper])).toBeNull();
  });

  test("a key stays valid under an older pepper, and not under one that is gone", () => {
    const old = composeKey("production", random, older);
    expect(checkKey(old, [pepper, older])).toBe("production");
    expect(checkKey(old, [pepper])).toBeNull();
  });
});
