import { describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { cloud, operatorTokenFor, until } from "../kit/cloud.ts";
import { newOwner } from "../kit/owners.ts";
import { auditOf, firestore } from "../kit/store.ts";

describe("KEY-2 a key", () => {
  test("is shown once and stored only as its hash", async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    const made = await send("/v1/keys", { key, body: { name: "second", scopes: ["agents:read"] } });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ key: expect.stringMatching(/^tb_dev_[0-9a-f]{64}$/) });
    expect(made.json.warning).toEqual(expect.any(String));
    const listed = await send("/v1/keys", { key });
    expect(listed.json.total_count).toBe(2);
    expect(listed.text).not.toContain(made.json.key);
    const stored = await firestore().collection("apiKeys").where("id", "==", made.json.id).get();
    expect(JSON.stringify(stored.docs.map((doc) => doc.data()))).not.toContain(
      made.json.key.slice(12),
    );
  });
});

describe("KEY-4 a key can't make one that may more than itself", () => {
  test("neither by scope nor by time", async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    const body = { name: "narrow", scopes: ["keys:write"], expiresIn: 1 };
    const narrow = (await send("/v1/keys", { key, body })).json.key;
    const wider = await send("/v1/keys", { key: narrow, body: { name: "w", scopes: ["*"] } });
    expect(wider).toMatchObject({ status: 403, json: { code: "FORBIDDEN" } });
    const longer = await send("/v1/keys", { key: narrow, body: { name: "l", expiresIn: 2 } });
    expect(longer.status).toBe(403);
    const shorter = await send("/v1/keys", { key: narrow, body: { name: "s", expiresIn: 0.5 } });
    expect(shorter.status).toBe(201);
  });
});

describe("KEY-5 revocation", () => {
  test("is true when the call returns: a busy key is refused from then on", async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    const made = (await send("/v1/keys", { key, body: { name: "doomed" } })).json;
    let revokedAt = Number.POSITIVE_INFINITY;
    const accepted: number[] = [];
    const busy = (async () => {
      while (performance.now() < revokedAt + 300) {
        const beganAt = performance.now();
        const { status } = await send("/v1/agents", { key: made.key });
        if (status === 200) accepted.push(beganAt);
      }
    })();
    await until("the key's first use", async () => accepted.length > 0);
    const beganAt = performance.now();
    const revoked = await send(`/v1/keys/${made.id}/revoke`, { key, method: "POST" });
    revokedAt = performance.now();
    await busy;
    expect(revoked.json).toMatchObject({ success: true, id: made.id });
    expect(revokedAt - beganAt).toBeLessThan(2_000);
    expect(accepted.filter((at) => at > revokedAt)).toEqual([]);
  });
});

describe("KEY-9 the first operator, owners and their first key", () => {
  test("the first operator is made once, and is on the record", async () => {
    const repeated = await send("/v1/admin/operators/first", {
      key: cloud().operatorToken,
      method: "POST",
    });
    expect(repeated).toMatchObject({ status: 409, json: { code: "CONFLICT" } });
    const rows = await auditOf("user_operators");
    expect(rows.map(({ action }) => action)).toEqual(["operator.created"]);
  });

  test("nobody else becomes one, nor acts as one", async () => {
    const key = await operatorTokenFor("somebody@elsewhere.example");
    const first = await send("/v1/admin/operators/first", { key, method: "POST" });
    expect(first).toMatchObject({ status: 403, json: { code: "FORBIDDEN" } });
    const owner = await send("/v1/admin/users", { key, body: { name: "mine" } });
    expect(owner).toMatchObject({ status: 403, json: { code: "FORBIDDEN" } });
  });

  test("a credit that is repeated with its Idempotency-Key is given once", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const credit = async (amount: number) =>
      await send(`/v1/admin/users/${owner.id}/credit`, {
        key: cloud().operatorToken,
        body: { amount },
        headers: { "idempotency-key": "once" },
      });
    expect((await credit(2)).json).toMatchObject({ success: true, newBalance: 2 });
    expect((await credit(2)).json).toMatchObject({ success: true, newBalance: 2 });
    expect((await credit(3)).json).toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
  });
});
