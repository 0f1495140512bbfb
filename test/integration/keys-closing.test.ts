/** A key that ends leaves nothing running, and nothing that can still start. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountOf, executionOf, expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { functionUrl, until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import {
  anotherKey,
  asOperator,
  newEnvironment,
  newOwner,
  newThread,
  type TestOwner,
} from "../kit/owners.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { auditOf, firestore } from "../kit/store.ts";

const endless = "echo begun; sleep 40; echo after";
const asides: FunctionAside[] = [];

afterAll(async () => {
  await Promise.all(asides.map((aside) => aside.stop()));
});

/** A process of a function whose Firestore calls only the test disturbs. */
async function apart(name: string): Promise<FunctionAside> {
  const [aside] = await startAsides(name, 1);
  if (!aside) throw new Error("no process");
  asides.push(aside);
  return aside;
}

async function untilHeld({ proxy }: FunctionAside): Promise<void> {
  await until("a call that is held", async () => proxy.faults.held > 0);
}

interface Running {
  readonly by: TestOwner;
  readonly executionId: string;
  readonly over: Promise<void>;
}

async function running(owner: TestOwner, environmentId: string): Promise<Running> {
  const threadId = await newThread(owner.key, { environmentId });
  const { executionId, over } = await startExecution(owner, threadId, endless);
  await untilRunning(owner, executionId);
  return { by: owner, executionId, over };
}

async function revoke(owner: TestOwner, { keyId }: TestOwner, body: object = {}, baseUrl?: string) {
  const at = baseUrl === undefined ? {} : { baseUrl };
  return await send(`/v1/keys/${keyId}/revoke`, { key: owner.key, body, ...at });
}

/** Waits for the note of its use, which is a commit that the test doesn't count. */
async function untilUsed(owner: TestOwner, { keyId }: TestOwner): Promise<void> {
  await until("the note of its use", async () => {
    return (await send(`/v1/keys/${keyId}`, { key: owner.key })).json.lastUsedAt;
  });
}

/** Makes it due for the next sweep. */
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

  test("is listed and stopped, and paid for what it used", async ({ expect }) => {
    const doomed = await anotherKey(owner);
    const { executionId, over } = await running(doomed, environmentId);
    const keeping = await revoke(owner, doomed, { keepExecutions: true });
    const executionIds = [executionId];
    expect(keeping.json).toMatchObject({ executionIds, executionsStopped: false });
    expect((await executionOf(owner, executionId)).cancelRequestedAt).toBeNull();
    // Executions that were kept can still be stopped later.
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

  test.runIf(isTurn(0, 3))("F13 is stopped by its expiry too", async ({ expect }) => {
    const expiring = await anotherKey(owner);
    const { executionId, over } = await running(expiring, environmentId);
    await makeDue(expiring, { expiresAt: Date.now() });
    await over;
    await until("its end", async () => (await executionOf(owner, executionId)).endedAt);
    expect((await executionOf(owner, executionId)).status).toBe("cancelled");
    expect(await actionsOn(owner, expiring)).toEqual(["key.created", "key.expired"]);
  });

  test("F13 isn't reported as stopped while stopping it fails, and is stopped later", async ({
    expect,
  }) => {
    const doomed = await anotherKey(owner);
    const [keys, { executionId, over }] = await Promise.all([
      apart("keys"),
      running(doomed, environmentId),
    ]);
    await untilUsed(owner, doomed);
    keys.proxy.faults.order("Commit", { kind: "delay", delayMs: 0 });
    keys.proxy.faults.order("Commit", { kind: "unavailable-before" }, 100);
    const answer = await revoke(owner, doomed, {}, keys.baseUrl);
    expect(answer).toMatchObject({ status: 200, json: { executionsStopped: false } });
    expect(answer.json.executionIds).toEqual([executionId]);
    keys.proxy.faults.clear();
    await makeDue(doomed, {});
    await over;
    await until("its end", async () => (await executionOf(owner, executionId)).endedAt);
    expect((await executionOf(owner, executionId)).status).toBe("cancelled");
  });

  test.runIf(isTurn(1, 3))(
    "F13 is stopped although the revoking process died half-way",
    async ({ expect }) => {
      const doomed = await anotherKey(owner);
      const [keys, { executionId, over }] = await Promise.all([
        apart("keys"),
        running(doomed, environmentId),
      ]);
      await untilUsed(owner, doomed);
      // The first commit closes the key; the commits that would stop the execution never arrive.
      keys.proxy.faults.order("Commit", { kind: "delay", delayMs: 0 });
      keys.proxy.faults.order("Commit", { kind: "hold-before" }, 5);
      const answer = revoke(owner, doomed, {}, keys.baseUrl).catch(() => null);
      await untilHeld(keys);
      await keys.kill();
      await makeDue(doomed, {});
      await Promise.all([over, answer]);
      await until("its end", async () => (await executionOf(owner, executionId)).endedAt);
      expect((await executionOf(owner, executionId)).status).toBe("cancelled");
      expect(await actionsOn(owner, doomed)).toEqual(["key.created", "key.revoked"]);
    },
  );

  test.runIf(isTurn(2, 3))(
    "is stopped with everything when its owner is suspended, until resumed",
    async ({ expect }) => {
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
    },
  );
});

describe.concurrent("KEY-5 requests that are under way when a key ends", () => {
  let owner: TestOwner;
  beforeAll(async () => {
    owner = await newOwner({ creditUsd: 5 });
  });

  const revoking = async (owner: TestOwner, doomed: TestOwner) => {
    expect((await revoke(owner, doomed)).json).toMatchObject({ executionIds: [] });
  };
  const suspending = async ({ id }: TestOwner) => {
    const answer = await asOperator(`/v1/admin/users/${id}/suspend`, {});
    expect(answer.json).toMatchObject({ executionIds: [] });
  };
  const endings = [
    ["is revoked", revoking],
    ["is suspended with its owner", suspending],
  ] as const;
  test.for(sharedOut(endings, 2))(
    "an execution whose start read the key before it %s never begins",
    async ([_what, end], { expect }) => {
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
    },
  );

  test("no other key is made", async ({ expect }) => {
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

  test.runIf(isTurn(0, 2))(
    "no request is finished whose body was held back",
    async ({ expect }) => {
      const doomed = await anotherKey(owner);
      const late = await beginLate(doomed);
      expect((await revoke(owner, doomed)).status).toBe(200);
      expect(await late.finish()).toBe(401);
    },
  );

  test.runIf(isTurn(1, 2))(
    "F22 no read of the key that was under way brings it back",
    async ({ expect }) => {
      const doomed = await anotherKey(owner);
      const agents = await apart("agents");
      const { baseUrl } = agents;
      const use = async () => (await send("/v1/agents", { key: doomed.key, baseUrl })).status;
      agents.proxy.faults.order("BatchGetDocuments", { kind: "hold-after" });
      const before = use();
      const refusedEarly = before.then((status) => expect.fail(`answered ${status} at once`));
      refusedEarly.catch(() => {}); // Its answer after the revocation doesn't matter.
      await Promise.race([untilHeld(agents), refusedEarly]);
      expect((await revoke(owner, doomed)).status).toBe(200);
      agents.proxy.faults.clear();
      // This read began before; its result must not be used by later requests.
      await before;
      expect(await use()).toBe(401);
    },
  );
});

/** A request whose key has been read, and whose body hasn't arrived yet. */
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
  // A later request is answered, so the delayed one has passed the same gates.
  expect((await send("/v1/agents", { key })).status).toBe(200);
  return {
    finish: async () => {
      late.end(body.slice(10));
      return await status;
    },
  };
}
