import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { repeatableOf } from "./repeatable.ts";

const claims = {
  ...{ ownerId: "user_1", executionId: "run_1", threadId: "thread_1", environmentId: "env_1" },
  ...{ attempt: 1, expiresAt: 1_000, signedBy: "old" },
};
const [old, next] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const keys = { current: "new", keys: { old, new: next } };
const asked = (pin: string) => ({
  execution: { claims },
  call: { path: "/v1/messages", body: Buffer.from(`{"content":"my PIN is ${pin}"}`) },
  idempotencyKey: "once",
});

describe("SEC-2 repeatableOf()", () => {
  test("gives a reader of the database no hash to try short secrets with", () => {
    const { path, body } = asked("1234").call;
    const plain = [Buffer.from("once"), body, Buffer.concat([Buffer.from(`${path}\n`), body])];
    const digests = plain.map((bytes) => createHash("sha256").update(bytes).digest("hex"));
    const stored = Object.values(repeatableOf(asked("1234"), keys) ?? {});
    expect(stored).toHaveLength(2);
    for (const digest of stored) expect(digests).not.toContain(digest);
    const others = { ...keys, keys: { old: next, new: next } };
    expect(Object.values(repeatableOf(asked("1234"), others) ?? {})).not.toEqual(stored);
    const elsewhere = { claims: { ...claims, executionId: "run_2" } };
    const same = repeatableOf({ ...asked("1234"), execution: elsewhere }, keys);
    expect(same?.keySha256).not.toBe(stored[0]);
  });

  test("knows a call again, also while the keys are rotated, and tells another one from it", () => {
    const first = repeatableOf(asked("1234"), { current: "old", keys: { old } });
    expect(repeatableOf(asked("1234"), keys)).toEqual(first);
    const other = repeatableOf(asked("1235"), keys);
    expect(other?.keySha256).toBe(first?.keySha256);
    expect(other?.requestSha256).not.toBe(first?.requestSha256);
    expect(repeatableOf({ ...asked("1234"), idempotencyKey: null }, keys)).toBeNull();
  });
});
