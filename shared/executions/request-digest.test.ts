import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { digestSalt, isSameRequest, requestDigest, saltedDigest } from "./request-digest.ts";

const keys = {
  current: "p2",
  keys: { p1: Buffer.alloc(32, 1), p2: Buffer.alloc(32, 2) },
} as const;
const request = ["thread_1", { content: "x", envVars: { A: "1", B: "2" } }];
const reordered = ["thread_1", { envVars: { B: "2", A: "1" }, content: "x" }];
const same = (stored: string, asked: unknown, knownKeys = keys) =>
  isSameRequest(stored, { request: asked, asStated: asked }, knownKeys);

describe("SEC-8 the digest of a request", () => {
  test("tells it from others, and not from itself in another order", () => {
    const stored = requestDigest(request, keys);
    expect(same(stored, request)).toBe(true);
    expect(same(stored, reordered)).toBe(true);
    expect(same(stored, ["thread_1", { content: "x", envVars: { A: "1", B: "3" } }])).toBe(false);
    expect(same(stored, ["thread_1", { content: "x", envVars: [["A", "1"]] }])).toBe(false);
    expect(requestDigest({ a: undefined }, keys)).toBe(requestDigest({ a: undefined }, keys));
  });

  test("can't be found by trying every short secret without the key", () => {
    const pins = Array.from({ length: 10_000 }, (_, pin) => String(pin).padStart(4, "0"));
    const bodyWith = (pin: string) => ["thread_1", { secrets: [{ key: "PIN", value: pin }] }];
    const stored = requestDigest(bodyWith("4242"), keys);
    const tried = pins.find((pin) => {
      const plain = createHash("sha256")
        .update(JSON.stringify(bodyWith(pin)))
        .digest("hex");
      return stored.includes(plain);
    });
    expect(tried).toBeUndefined();
    const other = { ...keys, keys: { p2: Buffer.alloc(32, 3) } };
    expect(requestDigest(bodyWith("4242"), other)).not.toBe(stored);
  });

  test("outlives a pepper that was replaced, and not one that is gone", () => {
    const stored = requestDigest(request, { ...keys, current: "p1" });
    expect(same(stored, request)).toBe(true);
    expect(
      isSameRequest(
        stored,
        { request, asStated: request },
        { current: "p2", keys: { p2: keys.keys.p2 } },
      ),
    ).toBe(false);
    expect(same("constructor.00", request)).toBe(false);
  });

  test("of a release that had no key is still the request's", () => {
    const plain = createHash("sha256").update(JSON.stringify(request)).digest("hex");
    expect(same(plain, request)).toBe(true);
    expect(same(plain, reordered)).toBe(false);
  });

  test("in clear has a salt that only its reader can open", () => {
    const salt = digestSalt("req_1", keys);
    expect(digestSalt("req_1", keys)).toBe(salt);
    expect(digestSalt("req_2", keys)).not.toBe(salt);
    const digest = saltedDigest(salt, "ls");
    expect(digest).toBe(createHash("sha256").update(`${salt}.ls`).digest("hex"));
    expect(digest).not.toBe(createHash("sha256").update("ls").digest("hex"));
  });
});
