/** A key's requests delay neither its revocation, nor its owner, nor its bounds. */
import { afterAll, describe, expect, test } from "vitest";
import { firstOperator } from "../../local/cloud/names.ts";
import { accountOf } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { operatorTokenFor, until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { anotherKey, asOperator, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

const asides: FunctionAside[] = [];

afterAll(async () => {
  await Promise.all(asides.map((aside) => aside.stop()));
});

async function revoke(owner: TestOwner, { keyId }: Pick<TestOwner, "keyId">) {
  return await send(`/v1/keys/${keyId}/revoke`, { key: owner.key, body: {} });
}

/** Adds live keys directly, as if they had been made over the years. */
async function plantKeys(owner: TestOwner, count: number): Promise<void> {
  const { docs } = await firestore().collection("apiKeys").where("id", "==", owner.keyId).get();
  const template = docs[0]?.data() ?? {};
  for (let done = 0; done < count; done += 300) {
    const batch = firestore().batch();
    for (let each = done; each < Math.min(count, done + 300); each += 1) {
      const place = firestore().doc(`apiKeys/${owner.id}-${each}`);
      batch.create(place, { ...template, id: `key_${each}`, lastUsedAt: null });
    }
    await batch.commit();
  }
}

async function statesOf(owner: TestOwner): Promise<readonly string[]> {
  const { docs } = await firestore().collection("apiKeys").where("ownerId", "==", owner.id).get();
  return [...new Set(docs.map((doc) => doc.get("ownerState")))];
}

describe.concurrent("KEY-10 what a key sends", () => {
  test("can't keep its owner from revoking it, nor other keys from what they do", async ({
    expect,
  }) => {
    const owner = await newOwner({ creditUsd: 0 });
    const hostile = await anotherKey(owner);
    const create = async (key: string, body: object) => await send("/v1/keys", { key, body });
    // A commit that contains this can't succeed.
    const poison = () => create(hostile.key, { name: "\ud800" });
    const flood = Promise.all(Array.from({ length: 30 }, poison));
    const good = Promise.all(Array.from({ length: 5 }, () => create(owner.key, { name: "good" })));
    expect((await revoke(owner, hostile)).status).toBe(200);
    expect((await good).map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    for (const { status } of await flood) expect(status).not.toBe(201);
    expect((await send("/v1/agents", { key: hostile.key })).status).toBe(401);
  });

  test.runIf(isTurn(0, 2))(
    "can't make its owner too large to be suspended: one commit, and then the keys",
    async ({ expect }) => {
      const owner = await newOwner({ creditUsd: 0 });
      await plantKeys(owner, 850);
      const path = `/v1/admin/users/${owner.id}`;
      const [admin] = await startAsides("admin", 1);
      if (!admin) throw new Error("no process");
      asides.push(admin);
      const token = await operatorTokenFor(firstOperator);
      // The first commit suspends; the commits that would update the keys never arrive.
      admin.proxy.faults.order("Commit", { kind: "delay", delayMs: 0 });
      admin.proxy.faults.order("Commit", { kind: "hold-before" }, 5);
      const { baseUrl } = admin;
      const died = send(`${path}/suspend`, { key: token, body: {}, baseUrl }).catch(() => null);
      await until("a commit that is held", async () => admin.proxy.faults.held > 0);
      await admin.kill();
      await died;
      expect((await accountOf(owner)).admission.suspendedAt).toEqual(expect.any(Number));
      const made = await send("/v1/keys", { key: owner.key, body: { name: "late" } });
      expect(made.status).toBe(401);
      // Runs maintenance now, which otherwise comes every few seconds.
      expect((await asOperator(`${path}/suspend`, {})).json).toMatchObject({ state: "suspended" });
      expect(await statesOf(owner)).toEqual(["suspended"]);
      expect((await asOperator(`${path}/resume`, {})).json).toMatchObject({ state: "active" });
      expect(await statesOf(owner)).toEqual(["active"]);
      expect((await firestore().doc(`keyFollowUps/${owner.id}`).get()).exists).toBe(false);
    },
  );

  test.runIf(isTurn(1, 2))(
    "can't make more keys than an account may have, however many ask at once",
    async ({ expect }) => {
      const owner = await newOwner({ creditUsd: 0 });
      await plantKeys(owner, 197);
      const account = firestore().doc(`owners/${owner.id}/account/budget`);
      // Makes the account look like one from before keys were counted.
      await account.update({ keyCount: null });
      const create = async () => await send("/v1/keys", { key: owner.key, body: { name: "more" } });
      const answers = await Promise.all(Array.from({ length: 12 }, create));
      const made = answers.filter(({ status }) => status === 201);
      const refused = answers.filter((answer) => !made.includes(answer));
      expect(made).toHaveLength(2);
      for (const { status, json } of refused) {
        expect({ status, json }).toMatchObject({ status: 422, json: { code: "KEYS_FULL" } });
      }
      // A key that ends makes room for another.
      expect((await revoke(owner, { keyId: made[0]?.json.id })).status).toBe(200);
      expect([(await create()).status, (await create()).status]).toEqual([201, 422]);
    },
  );
});

describe("KEY-5 an answer that an account is suspended or resumed", () => {
  const orders = [
    ["suspend", "suspended"],
    ["resume", "active"],
  ] as const;

  test.each(orders.filter((_order, index) => isTurn(1 + 3 * index, 6)))(
    "isn't given before its keys have followed: %s; asking again goes on",
    async (what, state) => {
      const owner = await newOwner({ creditUsd: 0 });
      const [admin] = await startAsides("admin", 1);
      if (!admin) throw new Error("no process");
      asides.push(admin);
      const token = await operatorTokenFor(firstOperator);
      const ask = async () =>
        await send(`/v1/admin/users/${owner.id}/${what}`, {
          ...{ key: token, baseUrl: admin.baseUrl, body: what === "suspend" ? {} : undefined },
          method: "POST",
        });
      if (what === "resume") await asOperator(`/v1/admin/users/${owner.id}/suspend`, {});
      // The first commit turns the account; none reaches its keys, however often it is tried.
      admin.proxy.faults.order("Commit", { kind: "delay", delayMs: 0 });
      admin.proxy.faults.order("Commit", { kind: "unavailable-before" }, 1_000);
      const unfinished = await ask();
      expect(unfinished).toMatchObject({ status: 503, json: { code: "UNAVAILABLE" } });
      expect(Number(unfinished.headers["retry-after"])).toBeGreaterThan(0);
      admin.proxy.faults.clear();
      expect(await ask()).toMatchObject({ status: 200, json: { state } });
      expect(await statesOf(owner)).toEqual([state]);
    },
  );
});

describe("KEY-10 a key that was rotated", () => {
  test.runIf(isTurn(0, 3))("takes no room from the one after it for revoking it", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const rotated = await send(`/v1/keys/${owner.keyId}/rotate`, { key: owner.key, body: {} });
    const window = { max: 3, windowMs: 3_600_000 };
    const requests = { writes: window, perKey: window };
    const [keys] = await startAsides("keys", 1, { limits: { requests } });
    if (!keys) throw new Error("no process");
    asides.push(keys);
    const { baseUrl } = keys;
    const rename = async (key: string) => {
      const sent = { method: "PATCH", key, baseUrl, body: { name: "renamed" } };
      return (await send(`/v1/keys/${none}`, sent)).status;
    };
    const end = async (key: string, keyId: string) =>
      (await send(`/v1/keys/${keyId}/revoke`, { key, baseUrl, body: {} })).status;
    const three = async (ask: () => Promise<number>) => [await ask(), await ask(), await ask()];
    const none = `key_${"0".repeat(21)}`;
    expect(await three(() => end(owner.key, none))).toEqual([404, 404, 404]);
    expect(await end(owner.key, none)).toBe(429);
    // What the two change counts for both, and takes no such room either.
    expect(await three(() => rename(owner.key))).toEqual([404, 404, 404]);
    expect([await rename(owner.key), await rename(rotated.json.key)]).toEqual([429, 429]);
    expect(await end(rotated.json.key, owner.keyId)).toBe(200);
    expect(await end(rotated.json.key, rotated.json.id)).toBe(200);
  });

  test.runIf(isTurn(2, 3))("goes on with what the one before it has spent of its day", async () => {
    const owner = await newOwner({ creditUsd: 1 });
    const body = { name: "bounded", maxCostPerDay: 0.5 };
    const old = (await send("/v1/keys", { key: owner.key, body })).json;
    const rotate = async (id: string) =>
      (await send(`/v1/keys/${id}/rotate`, { key: owner.key, body: {} })).json;
    const next = await rotate((await rotate(old.id)).id);
    const day = new Date().toISOString().slice(0, 10);
    const account = firestore().doc(`owners/${owner.id}/account/budget`);
    await account.update({ [`keys.${old.id}`]: { day: { key: day, spentMicrousd: 500_000 } } });
    const threadId = await newThread(owner.key);
    const path = `/v1/threads/${threadId}/messages`;
    const refused = await send(path, { key: next.key, body: { content: "true" } });
    expect(refused).toMatchObject({ status: 402, json: { code: "BUDGET_LIMIT_KEY", spent: 0.5 } });
  });
});
