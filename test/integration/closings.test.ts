/** What a key sends holds up neither its revocation, nor its owner, nor what limits it. */
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

async function revoke(by: TestOwner, { keyId }: Pick<TestOwner, "keyId">) {
  return await send(`/v1/keys/${keyId}/revoke`, { key: by.key, body: {} });
}

/** As many more live keys as if they had been made over the years; nobody holds them. */
async function plantKeys(of: TestOwner, count: number): Promise<void> {
  const { docs } = await firestore().collection("apiKeys").where("id", "==", of.keyId).get();
  const template = docs[0]?.data() ?? {};
  for (let done = 0; done < count; done += 300) {
    const batch = firestore().batch();
    for (let each = done; each < Math.min(count, done + 300); each += 1) {
      const place = firestore().doc(`apiKeys/${of.id}-${each}`);
      batch.create(place, { ...template, id: `key_${each}`, lastUsedAt: null });
    }
    await batch.commit();
  }
}

async function statesOf(of: TestOwner): Promise<readonly string[]> {
  const { docs } = await firestore().collection("apiKeys").where("ownerId", "==", of.id).get();
  return [...new Set(docs.map((doc) => doc.get("ownerState")))];
}

describe.concurrent("KEY-10 what a key sends", () => {
  test("can't keep its owner from revoking it, nor other keys from what they do", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const hostile = await anotherKey(owner);
    const create = async (key: string, body: object) => await send("/v1/keys", { key, body });
    // Nothing that holds it can be stored, whatever is stored with it.
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
    async () => {
      const owner = await newOwner({ creditUsd: 0 });
      await plantKeys(owner, 850);
      const path = `/v1/admin/users/${owner.id}`;
      const [admin] = await startAsides("admin", 1);
      if (!admin) throw new Error("no process");
      asides.push(admin);
      const token = await operatorTokenFor(firstOperator);
      // The first commit suspends; those that would reach the keys never arrive.
      admin.proxy.faults.order("Commit", { kind: "delay", delayMs: 0 });
      admin.proxy.faults.order("Commit", { kind: "hold-before" }, 5);
      const { baseUrl } = admin;
      const died = send(`${path}/suspend`, { key: token, body: {}, baseUrl }).catch(() => null);
      await until("a commit that is held", async () => admin.proxy.faults.held > 0);
      admin.kill();
      await died;
      expect((await accountOf(owner)).admission.suspendedAt).toEqual(expect.any(Number));
      const made = await send("/v1/keys", { key: owner.key, body: { name: "late" } });
      expect(made.status).toBe(401);
      // As if maintenance came by, which it does every few seconds.
      expect((await asOperator(`${path}/suspend`, {})).json).toMatchObject({ state: "suspended" });
      expect(await statesOf(owner)).toEqual(["suspended"]);
      expect((await asOperator(`${path}/resume`, {})).json).toMatchObject({ state: "active" });
      expect(await statesOf(owner)).toEqual(["active"]);
      expect((await firestore().doc(`keyFollowUps/${owner.id}`).get()).exists).toBe(false);
    },
  );

  test.runIf(isTurn(1, 2))(
    "can't make more keys than an account may have, however many ask at once",
    async () => {
      const owner = await newOwner({ creditUsd: 0 });
      await plantKeys(owner, 197);
      const account = firestore().doc(`owners/${owner.id}/account/budget`);
      // As an account from before its keys were counted in it.
      await account.update({ keyCount: null });
      const create = async () => await send("/v1/keys", { key: owner.key, body: { name: "more" } });
      const answers = await Promise.all(Array.from({ length: 12 }, create));
      const made = answers.filter(({ status }) => status === 201);
      const refused = answers.filter((answer) => !made.includes(answer));
      expect(made).toHaveLength(2);
      for (const { status, json } of refused) {
        expect({ status, json }).toMatchObject({ status: 422, json: { code: "KEYS_FULL" } });
      }
      // One that ends makes room for one.
      expect((await revoke(owner, { keyId: made[0]?.json.id })).status).toBe(200);
      expect([(await create()).status, (await create()).status]).toEqual([201, 422]);
    },
  );
});

describe("a key that was rotated", () => {
  test("goes on with what the one before it has spent of its day", async () => {
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
