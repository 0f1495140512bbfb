import { describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { cloud, operatorTokenFor, until } from "../kit/cloud.ts";
import { allDocuments, allLogs } from "../kit/dump.ts";
import { startAsides } from "../kit/function-aside.ts";
import { asOperator, newOwner } from "../kit/owners.ts";
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

describe("KEY-2 the text of a key", () => {
  test("is in no document and no log, and a repeated request doesn't bring it back", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const body = { name: "once" };
    const headers = { "idempotency-key": "make-it-once" };
    const create = async () => await send("/v1/keys", { key: owner.key, body, headers });
    // All at once, so that none of them can know of another.
    const answers = await Promise.all([create(), create(), create(), create()]);
    const [made, ...more] = answers.filter(({ status }) => status === 201);
    expect(more).toEqual([]);
    for (const refused of answers.filter((answer) => answer !== made)) {
      expect(refused).toMatchObject({ status: 409, json: { code: "KEY_SHOWN_ALREADY" } });
      expect(refused.json.details).toEqual({ id: made?.json.id });
    }
    const path = `/v1/keys/${made?.json.id}/rotate`;
    const rotated = await send(path, { key: owner.key, method: "POST" });
    await send("/v1/agents", { key: rotated.json.key });
    const texts = [owner.key, made?.json.key, rotated.json.key].map((key) => key.slice(8));
    const everything = [await allDocuments(owner.id), await allLogs()].join("\n");
    expect(everything).toContain(made?.json.id);
    for (const text of texts) expect(everything.includes(text)).toBe(false);
  });
});

describe("KEY-4 a key can't make one that may more than itself", () => {
  const makerWith = async (bounds: object) => {
    const { key } = await newOwner({ creditUsd: 0 });
    const body = { name: "maker", scopes: ["keys:write", "agents:read"], ...bounds };
    return (await send("/v1/keys", { key, body })).json.key as string;
  };

  test.each([
    ["scopes", {}, { scopes: ["*"] }],
    ["expiresIn", { expiresIn: 1 }, { expiresIn: 2 }],
    ["expiresIn", { expiresIn: 1 }, { expiresIn: null }],
    ["addressRanges", { addressRanges: ["127.0.0.0/8"] }, { addressRanges: ["0.0.0.0/0"] }],
    ["addressRanges", { addressRanges: ["127.0.0.0/8"] }, { addressRanges: null }],
    ["maxCostPerExecution", { maxCostPerExecution: 0.5 }, { maxCostPerExecution: 0.51 }],
    ["maxCostPerDay", { maxCostPerDay: 1 }, { maxCostPerDay: 0.5 }],
  ])("by %s: %j makes no %j", async (bound, own, wider) => {
    const key = await makerWith(own);
    const refused = await send("/v1/keys", { key, body: { name: "wider", ...wider } });
    expect(refused).toMatchObject({ status: 403, json: { code: "FORBIDDEN" } });
    expect(refused.json.details).toMatchObject({ bound });
  });

  test("and gives what isn't stated its own bounds", async () => {
    const bounds = {
      addressRanges: ["127.0.0.0/8", "2001:db8::/32"],
      maxCostPerExecution: 0.25,
    };
    const key = await makerWith({ ...bounds, expiresIn: 1 });
    const made = await send("/v1/keys", { key, body: { name: "child" } });
    expect(made).toMatchObject({ status: 201, json: bounds });
    expect(made.json.scopes).toEqual(["keys:write", "agents:read"]);
    expect(Date.parse(made.json.expiresAt)).toBeLessThan(Date.now() + 86_400_000);
  });

  test("nor have a wider one made by rotating it", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const body = { name: "narrow", scopes: ["keys:write"] };
    const narrow = (await send("/v1/keys", { key: owner.key, body })).json.key;
    const path = `/v1/keys/${owner.keyId}/rotate`;
    const refused = await send(path, { key: narrow, method: "POST" });
    expect(refused).toMatchObject({ status: 403, json: { code: "FORBIDDEN" } });
  });
});

describe("a key's record", () => {
  test("can be read, renamed and described again, but what it may do can't be changed", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const { id } = (await send("/v1/keys", { key: owner.key, body: { name: "a" } })).json;
    const path = `/v1/keys/${id}`;
    const update = async (body: object) =>
      await send(path, { key: owner.key, method: "PATCH", body });
    const renamed = { name: "b", description: "of the build", metadata: { team: "red" } };
    expect((await update(renamed)).json).toMatchObject(renamed);
    expect((await update({ description: null })).json).toMatchObject({
      name: "b",
      description: null,
    });
    const refused = await update({ scopes: ["agents:read"] });
    expect(refused).toMatchObject({ status: 400, json: { code: "VALIDATION_FAILED" } });
    expect((await send(path, { key: owner.key })).json).toMatchObject({ id, name: "b" });
    const rows = (await auditOf(owner.id)).filter(({ subject }) => subject === id);
    expect(rows.map(({ action }) => action)).toEqual(["key.created", "key.updated", "key.updated"]);
  });

  test("says when and from where it was last used, written once in a while", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const made = (await send("/v1/keys", { key: owner.key, body: { name: "used" } })).json;
    expect(made).toMatchObject({ lastUsedAt: null, lastUsedIp: null });
    const path = `/v1/keys/${made.id}`;
    const record = async () => (await send(path, { key: owner.key })).json;
    await send("/v1/agents", { key: made.key, localAddress: "127.77.0.1" });
    const first = await until("the note of a use", async () => {
      const found = await record();
      return found.lastUsedAt && found;
    });
    expect(first.lastUsedIp).toBe("127.77.0.1");
    expect(Math.abs(Date.parse(first.lastUsedAt) - Date.now())).toBeLessThan(10_000);
    // Another function and another address; a note is valid for ten minutes.
    for (let use = 0; use < 5; use += 1) {
      await send("/v1/threads/none", { key: made.key, localAddress: "127.77.0.2" });
    }
    expect(await record()).toMatchObject({ lastUsedIp: "127.77.0.1" });
  });

  test("leaves the lists when it is deleted, and stays on the trail", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const made = (await send("/v1/keys", { key: owner.key, body: { name: "gone" } })).json;
    const path = `/v1/keys/${made.id}`;
    const deleted = await send(path, { key: owner.key, method: "DELETE" });
    expect(deleted).toMatchObject({ status: 200, json: { success: true, id: made.id } });
    expect((await send("/v1/agents", { key: made.key })).status).toBe(401);
    expect((await send(path, { key: owner.key })).status).toBe(404);
    const listed = await send("/v1/keys?includeInactive=true", { key: owner.key });
    expect(listed.json.data.map(({ id }: { id: string }) => id)).toEqual([owner.keyId]);
    const rows = (await auditOf(owner.id)).filter(({ subject }) => subject === made.id);
    const changes = rows.filter(({ action }) => action !== "key.refused");
    expect(changes.map(({ action }) => action)).toEqual(["key.created", "key.deleted"]);
  });
});

describe("KEY-6 rotation", () => {
  test("gives a key with the same bounds; the old one is good until its grace ends", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const body = { name: "build", scopes: ["agents:read"], maxCostPerExecution: 0.5 };
    const old = (await send("/v1/keys", { key: owner.key, body })).json;
    const rotate = async (id: string, more: object) =>
      await send(`/v1/keys/${id}/rotate`, { key: owner.key, body: more });
    const rotated = await rotate(old.id, { gracePeriodHours: 1 / 1_800 });
    expect(rotated).toMatchObject({ status: 201, json: { ...body, oldKeyId: old.id } });
    const works = async (key: string) => (await send("/v1/agents", { key })).status;
    expect([await works(old.key), await works(rotated.json.key)]).toEqual([200, 200]);
    const oldRecord = (await send(`/v1/keys/${old.id}`, { key: owner.key })).json;
    expect(oldRecord).toMatchObject({ replacedBy: rotated.json.id });
    expect(await rotate(old.id, {})).toMatchObject({ status: 409, json: { code: "CONFLICT" } });
    await until("the end of the grace", async () => (await works(old.key)) === 401);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(rotated.json.oldKeyExpiresAt));
    expect(await works(rotated.json.key)).toBe(200);
  });

  test("without a grace ends the old key with the call", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const path = `/v1/keys/${owner.keyId}/rotate`;
    const rotated = await send(path, { key: owner.key, body: { gracePeriodHours: 0 } });
    expect((await send("/v1/agents", { key: owner.key })).status).toBe(401);
    expect((await send("/v1/agents", { key: rotated.json.key })).status).toBe(200);
  });

  test("never gives the old key a longer life than it had", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const body = { name: "short", expiresIn: 0.01 };
    const old = (await send("/v1/keys", { key: owner.key, body })).json;
    const path = `/v1/keys/${old.id}/rotate`;
    const rotated = await send(path, { key: owner.key, body: { gracePeriodHours: 700 } });
    expect(rotated.json).toMatchObject({
      oldKeyExpiresAt: old.expiresAt,
      expiresAt: old.expiresAt,
    });
  });
});

test("F18 no function that takes keys starts without its peppers", async () => {
  const settings = { PADDOCK_PEPPERS_FILE: "/nowhere/peppers.json" };
  await expect(startAsides("agents", 1, { settings })).rejects.toThrow("peppers.json");
});

describe("KEY-8 production and development", () => {
  test("an owner has one mode for good, and its keys say which", async () => {
    const made = await asOperator("/v1/admin/users", { name: "Real", mode: "production" });
    expect(made.json.key.key).toMatch(/^tb_prod_/);
    const second = await send("/v1/keys", { key: made.json.key.key, body: { name: "second" } });
    expect(second.json.key).toMatch(/^tb_prod_/);
  });

  test("a deployment can refuse development keys, before anything is read", async () => {
    const settings = { PADDOCK_DEVELOPMENT_KEYS: "refused" };
    const [strict] = await startAsides("agents", 1, { settings });
    if (!strict) throw new Error("no process");
    try {
      const { key } = await newOwner({ creditUsd: 0 });
      const refused = await send("/v1/agents", { key, baseUrl: strict.baseUrl });
      expect(refused).toMatchObject({ status: 401, json: { code: "UNAUTHORIZED" } });
      expect(refused.json.message).toContain("development");
      expect(strict.proxy.counters()).toMatchObject({ reads: 0 });
      const made = await asOperator("/v1/admin/users", { name: "Real", mode: "production" });
      const real = { key: made.json.key.key, baseUrl: strict.baseUrl };
      expect((await send("/v1/agents", real)).status).toBe(200);
    } finally {
      await strict.stop();
    }
  });
});

describe("KEY-5 revocation", () => {
  test("a busy key is refused from the moment its revocation is answered", async () => {
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
    const revoked = await send(`/v1/keys/${made.id}/revoke`, { key, method: "POST" });
    revokedAt = performance.now();
    await busy;
    expect(revoked.json).toMatchObject({ success: true, id: made.id });
    expect(accepted.filter((time) => time > revokedAt)).toEqual([]);
  });
});

describe("KEY-9 the first operator, owners and their first key", () => {
  test("the first operator is made once, and is on the record", async () => {
    const repeated = await send("/v1/admin/operators/first", {
      key: cloud().operatorToken,
      method: "POST",
    });
    expect(repeated).toMatchObject({ status: 409, json: { code: "CONFLICT" } });
    // Another operator made every later one.
    const made = (await auditOf("user_operators")).filter(
      ({ action, actor }) => action === "operator.created" && actor.id === "user_operators",
    );
    expect(made).toHaveLength(1);
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
