import { describe, expect, test } from "vitest";
import { bindingBytes, newSealingPair, open, seal } from "./sealing.ts";

const binding = ["user_a", "env_a", "environment-secrets", "TOKEN"] as const;
const plain = Buffer.from("correct horse");

describe("SEC-1 seal() and open()", () => {
  test("give back what was sealed, to the private half alone", async () => {
    const [pair, other] = [await newSealingPair(), await newSealingPair()];
    const sealed = await seal(pair.publicKey, plain, binding);
    expect(await open(pair.privateKey, sealed, binding)).toEqual(plain);
    await expect(open(other.privateKey, sealed, binding)).rejects.toThrow();
    expect(sealed).not.toContain(plain.toString("base64").slice(0, 8));
  });

  test.each([
    ["owner", ["user_b", "env_a", "environment-secrets", "TOKEN"]],
    ["environment", ["user_a", "env_b", "environment-secrets", "TOKEN"]],
    ["purpose", ["user_a", "env_a", "audit-details", "TOKEN"]],
    ["name", ["user_a", "env_a", "environment-secrets", "OTHER"]],
  ] as const)("a value moved to another %s doesn't open", async (_what, moved) => {
    const pair = await newSealingPair();
    const sealed = await seal(pair.publicKey, plain, binding);
    await expect(open(pair.privateKey, sealed, moved)).rejects.toThrow();
  });

  test("a changed value doesn't open", async () => {
    const pair = await newSealingPair();
    const bytes = Buffer.from(await seal(pair.publicKey, plain, binding), "base64");
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await expect(open(pair.privateKey, bytes.toString("base64"), binding)).rejects.toThrow();
  });

  test("two bindings never have the same bytes", () => {
    expect(bindingBytes(["a", "b,c"])).not.toEqual(bindingBytes(["a,b", "c"]));
  });
});
