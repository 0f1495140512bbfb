/** What a key that ends leaves behind: nothing that runs, and nothing that can still begin. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstOperator } from "../../local/cloud/names.ts";
import { begin, untilRunning } from "../kit/begun.ts";
import { send } from "../kit/client.ts";
import { functionUrl, operatorTokenFor, until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { asOperator, newEnvironment, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { accountOf, executionOf, expectSettled } from "../kit/settled.ts";
import { auditOf, firestore } from "../kit/store.ts";

const endless = "echo begun; sleep 40; echo after";
const asides: FunctionAside[] = [];

afterAll(async () => {
  await Promise.all(asides.map((aside) => aside.stop()));
});

/** A process of a function whose calls of Firestore the test alone disturbs. */
async function apart(name: string): Promise<FunctionAside> {
  const [aside] = await startAsides(name, 1);
  if (!aside) throw new Error("no process");
  asides.push(aside);
  return aside;
}

async function untilHeld({ proxy }: FunctionAside): Promise<void> {
  await until("a call that is held", async () => proxy.faults.held > 0);
}

/** Another key of an owner's, as if it were an owner of its own. */
async function anotherKey(of: TestOwner): Promise<TestOwner> {
  const made = await send("/v1/keys", { key: of.key, body: { name: "doomed" } });
  if (made.status !== 201) throw new Error(`no key: ${made.text}`);
  return { id: of.id, key: made.json.key, keyId: made.json.id };
}

interface Running {
  readonly by: TestOwner;
  readonly executionId: string;
  readonly over: Promise<void>;
}

async function running(by: TestOwner, environmentId: string): Promise<Running> {
  const threadId = await newThread(by.key, { environmentId });
  const { executionId, over } = await begin(by, threadId, endless);
  await untilRunning(by, executionId);
  return { by, executionId, over };
}

async function revoke(by: TestOwner, { keyId }: TestOwner, body: object = {}, baseUrl?: string) {
  const at = baseUrl === undefined ? {} : { baseUrl };
  return await send(`/v1/keys/${keyId}/revoke`, { key: by.key, body, ...at });
}

/** Its use has been noted, which is a commit that the test doesn't mean. */
async function untilUsed(by: TestOwner, { keyId }: TestOwner): Promise<void> {
  await until("the note of its use", async () => {
    return (await send(`/v1/keys/${keyId}`, { key: by.key })).json.lastUsedAt;
  });
}

/** As if its time had come, for the next sweep. */
async function makeDue(key: TestOwner, fields: object): Promise<void> {
  const { docs } = await firestore().collection("apiKeys").where("id", "==", key.keyId).get();
  await docs[0]?.ref.update({ dueAt: Date.now(), ...fields });
}

async function actionsOn(owner: TestOwner, { keyId }: TestOwner): Promise<readonly string[]> {
  const rows = await auditOf(owner.id);
  return rows.filter(({ subject }) => subject === keyId).map(({ action }) => action);
}

describe.concurrent("KEY-5 what a key runs when it ends", () => {
  let owner: TestOwner;
  let environmentId: string;
  beforeAll(async () => {
    owner = await newOwner({ creditUsd: 5 });
    environmentId = await newEnvironment(owner.key);
  });

  test("is listed and stopped, and paid for what it used", async () => {
    const doomed = await anotherKey(owner);
    const { executionId, over } = await running(doomed, environmentId);
    const keeping = await revoke(owner, doomed, { keepExecutions: true });
    const executionIds = [executionId];
    expect(keeping.json).toMatchObject({ executionIds, executionsStopped: false });
    expect((await executionOf(owner, executionId)).cancelRequestedAt).toBeNull();
    // Who has kept them may think again.
    const stopping = await revoke(owner, doomed);
    expect(stopping.json).toMatchObject({ executionIds, executionsStopped: true });
    await over;
    const ended = await until("its end", async () => {
      const found = await executionOf(owner, executionId);
      return found.endedAt === null ? null : found;
    });
    expect(ended).toMatchObject({ status: "cancelled" });
    expect(ended.chargedMicrousd).toBeGreaterThan(0);
  });

  test("F13 is stopped by its expiry too", async () => {
    const expiring = await anotherKey(owner);
    const { executionId, over } = await running(expiring, environmentId);
    await makeDue(expiring, { expiresAt: Date.now() });
    await over;
    await until("its end", async () => (await executionOf(owner, executionId)).endedAt);
    expect((await executionOf(owner, executionId)).status).toBe("cancelled");
    expect(await actionsOn(owner, expiring)).toEqual(["key.created", "key.expired"]);
  });

  test("F13 is stopped though whoever revoked it died half way", async () => {
    const doomed = await anotherKey(owner);
    const [keys, { executionId, over }] = await Promise.all([
      apart("keys"),
      running(doomed, environmentId),
    ]);
    await untilUsed(owner, doomed);
    // The first commit closes the key; those that would stop the execution never arrive.
    keys.proxy.faults.order("Commit", { kind: "delay", delayMs: 0 });
    keys.proxy.faults.order("Commit", { kind: "hold-before" }, 5);
    const answer = revoke(owner, doomed, {}, keys.baseUrl).catch(() => null);
    await untilHeld(keys);
    keys.kill();
    await makeDue(doomed, {});
    await Promise.all([over, answer]);
    await until("its end", async () => (await executionOf(owner, executionId)).endedAt);
    expect((await executionOf(owner, executionId)).status).toBe("cancelled");
    expect(await actionsOn(owner, doomed)).toEqual(["key.created", "key.revoked"]);
  });

  test("is stopped with everything when its owner is suspended, until resumed", async () => {
    const suspended = await newOwner({ creditUsd: 5 });
    const second = await anotherKey(suspended);
    const { executionId, over } = await running(second, await newEnvironment(suspended.key));
    const path = `/v1/admin/users/${suspended.id}`;
    const answer = await asOperator(`${path}/suspend`, {});
    expect(answer.json).toMatchObject({ state: "suspended", executionIds: [executionId] });
    const statuses = async () =>
      await Promise.all(
        [suspended, second].map(async ({ key }) => (await send("/v1/agents", { key })).status),
      );
    expect(await statuses()).toEqual([401, 401]);
    await over;
    const resumed = await asOperator(`${path}/resume`, {});
    expect(resumed.json).toMatchObject({ state: "active" });
    await until("its keys again", async () => (await statuses()).every((one) => one === 200));
    expect((await expectSettled(suspended, executionId)).status).toBe("cancelled");
    const actions = (await auditOf(suspended.id)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(["owner.suspended", "owner.resumed"]));
  });
});

describe.concurrent("KEY-5 behind the back of a revocation", () => {
  let owner: TestOwner;
  beforeAll(async () => {
    owner = await newOwner({ creditUsd: 5 });
  });

  const revoking = async (by: TestOwner, doomed: TestOwner) => {
    expect((await revoke(by, doomed)).json).toMatchObject({ executionIds: [] });
  };
  const suspending = async ({ id }: TestOwner) => {
    const answer = await asOperator(`/v1/admin/users/${id}/suspend`, {});
    expect(answer.json).toMatchObject({ executionIds: [] });
  };
  test.each([
    ["is revoked", revoking],
    ["is suspended with its owner", suspending],
  ])("no execution begins that had read the key before it %s", async (_what, end) => {
    const own = await newOwner({ creditUsd: 1 });
    const doomed = await anotherKey(own);
    const [threads, threadId] = await Promise.all([apart("threads"), newThread(doomed.key)]);
    await untilUsed(own, doomed);
    threads.proxy.faults.order("Commit", { kind: "hold-before" });
    const path = `/v1/threads/${threadId}/messages`;
    const { baseUrl } = threads;
    const start = send(path, { key: doomed.key, body: { content: endless }, baseUrl });
    await untilHeld(threads);
    await end(own, doomed);
    threads.proxy.faults.clear();
    expect(await start).toMatchObject({ status: 401, json: { code: "UNAUTHORIZED" } });
    expect((await accountOf(own)).holds).toEqual({});
  });

  test("no other key is made", async () => {
    const doomed = await anotherKey(owner);
    const [keys] = await Promise.all([apart("keys"), send("/v1/keys", { key: doomed.key })]);
    await untilUsed(owner, doomed);
    keys.proxy.faults.order("Commit", { kind: "hold-before" });
    const body = { name: "child" };
    const child = send("/v1/keys", { key: doomed.key, body, baseUrl: keys.baseUrl });
    await untilHeld(keys);
    expect((await revoke(owner, doomed)).status).toBe(200);
    keys.proxy.faults.clear();
    expect(await child).toMatchObject({ status: 401, json: { code: "UNAUTHORIZED" } });
  });

  test("no request is finished whose body was held back", async () => {
    const doomed = await anotherKey(owner);
    const late = await beginLate(doomed);
    expect((await revoke(owner, doomed)).status).toBe(200);
    expect(await late.finish()).toBe(401);
  });

  test("F22 no read of the key that was under way brings it back", async () => {
    const doomed = await anotherKey(owner);
    const agents = await apart("agents");
    const { baseUrl } = agents;
    const use = async () => (await send("/v1/agents", { key: doomed.key, baseUrl })).status;
    agents.proxy.faults.order("BatchGetDocuments", { kind: "hold-after" });
    const before = use();
    const refusedEarly = before.then((status) => expect.fail(`answered ${status} at once`));
    refusedEarly.catch(() => {}); // Its answer after the revocation is its own business.
    await Promise.race([untilHeld(agents), refusedEarly]);
    expect((await revoke(owner, doomed)).status).toBe(200);
    agents.proxy.faults.clear();
    // It had begun before; whatever it finds, nobody after it may use.
    await before;
    expect(await use()).toBe(401);
  });
});

/** A request whose key has been read, and whose body hasn't come yet. */
async function beginLate({ key }: TestOwner) {
  const body = JSON.stringify({ name: "late", model: "shell" });
  const late = request(`${await functionUrl("agents")}/v1/agents`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "content-length": body.length,
    },
  });
  const status = new Promise((resolve, reject) => {
    late.on("response", (response) => resolve(response.statusCode));
    late.on("error", reject);
  });
  late.write(body.slice(0, 10));
  // Sent after it and answered: by now the late one has passed the same gates.
  expect((await send("/v1/agents", { key })).status).toBe(200);
  return {
    finish: async () => {
      late.end(body.slice(10));
      return await status;
    },
  };
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

  test("can't make its owner too large to be suspended: one commit, and then the keys", async () => {
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
    await untilHeld(admin);
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
  });

  test("can't make more keys than an account may have, however many ask at once", async () => {
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
    const gone = { id: owner.id, key: "", keyId: made[0]?.json.id };
    expect((await revoke(owner, gone)).status).toBe(200);
    expect([(await create()).status, (await create()).status]).toEqual([201, 422]);
  });
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
