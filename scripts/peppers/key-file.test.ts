import { describe, expect, test } from "vitest";
import { checkKey, composeKey, keyRandomBytes } from "#shared/core/keys/api-key";
import { addPepper, dropPepper, type PepperFile, usePepper } from "./key-file.ts";

const first: PepperFile = { current: "k1", keys: { k1: "01".repeat(32) } };
const buffers = ({ keys }: PepperFile) => Object.values(keys).map((hex) => Buffer.from(hex, "hex"));
const issue = (file: PepperFile) =>
  composeKey(
    "production",
    Buffer.alloc(keyRandomBytes, 7),
    Buffer.from(file.keys[file.current] ?? "", "hex"),
  );

describe("a pepper's rotation", () => {
  test("refuses no key at any step, but those of a pepper that was dropped", () => {
    const old = issue(first);
    const { file: added, id } = addPepper(first);
    // A process that still has the first file accepts every key that is issued now.
    expect(checkKey(issue(added), buffers(first))).toBe("production");
    const used = usePepper(added, id);
    const young = issue(used);
    for (const key of [old, young]) expect(checkKey(key, buffers(added))).toBe("production");
    const dropped = dropPepper(used, "k1");
    expect(checkKey(old, buffers(dropped))).toBeNull();
    expect(checkKey(young, buffers(dropped))).toBe("production");
  });

  test("never drops the one that issues, nor names one that isn't there", () => {
    expect(() => dropPepper(first, "k1")).toThrow("in use");
    expect(() => usePepper(first, "k2")).toThrow("no pepper");
    expect(() => dropPepper(first, "constructor")).toThrow("no pepper");
  });

  test("gives each pepper a name of its own", () => {
    const { file, id } = addPepper(first);
    expect([id, addPepper(file).id]).toEqual(["k2", "k3"]);
  });
});
