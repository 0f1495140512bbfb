/** Threads, messages and environments are gone at once, and soon all that is stored of them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { allDocuments } from "../kit/dump.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { auditOf, firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

const pass = { kind: "delay", delayMs: 0 } as const;
let owner: TestOwner;
let asides: Readonly<Record<"threads" | "maintenance", FunctionAside>>;

beforeAll(async () => {
  const [made, [threads], [maintenance]] = await Promise.all([
    newOwner(),
    startAsides("threads", 1),
    startAsides("maintenance", 1),
  ]);
  owner = made;
  asides = { threads: threads ?? expect.fail(), maintenance: maintenance ?? expect.fail() };
});

afterAll(async () => {
  await Promise.all(Object.values(asides ?? {}).map((aside) => aside.stop()));
});

const get = async (path: string) => await send(path, { key: owner.key });
const remove = async (path: string, baseUrl?: string) =>
  await send(path, { key: owner.key, method: "DELETE", ...(baseUrl ? { baseUrl } : {}) });

/** A thread with one execution, which printed a word that its message doesn't have. */
async function newConversation(fields: object = {}) {
  const environmentId = await newEnvironment(owner.key, fields);
  const threadId = await newThread(owner.key, { environmentId });
  const asked = `asked${Math.random().toString(36).slice(2)}`;
  const { run } = await runScript(owner.key, threadId, `echo ${asked} | tr a-z A-Z`);
  return { environmentId, threadId, executionId: run.id as string, asked };
}

const orderOf = async (id: string) => (await firestore().doc(`deletions/${id}`).get()).data();

async function expectGone(threadId: string, executionId: string): Promise<void> {
  for (const path of [
    `/v1/threads/${threadId}`,
    `/v1/threads/${threadId}/messages`,
    `/v1/threads/${threadId}/events`,
    `/v1/executions/${executionId}`,
    `/v1/executions/${executionId}/events`,
    `/v1/executions/${executionId}/egress`,
  ]) {
    expect((await get(path)).status, path).toBe(404);
  }
}

describe("DAT-3 a thread that is deleted", () => {
  test("is gone for good with everything that was said, and its charges stay", async () => {
    const { threadId, executionId, asked } = await newConversation();
    expect(await allDocuments(owner.id)).toContain(asked);
    const answer = await remove(`/v1/threads/${threadId}`);
    expect(answer.json).toMatchObject({ success: true, deleted: true, id: threadId, erased: true });
    expect(answer.json.message).toContain("deleted for good");
    await expectGone(threadId, executionId);
    expect((await remove(`/v1/threads/${threadId}`)).status).toBe(404);
    const stored = await allDocuments(owner.id);
    expect(stored).not.toContain(asked);
    expect(stored).not.toContain(asked.toUpperCase());
    expect(stored).not.toContain(`executions/${executionId}/`);
    expect(await orderOf(threadId)).toBeUndefined();
    const lines = firestore().collection(`owners/${owner.id}/ledger`);
    expect((await lines.where("executionId", "==", executionId).get()).size).toBe(1);
    const rows = (await auditOf(owner.id)).filter(({ subject }) => subject === threadId);
    expect(rows.map(({ action }) => action)).toEqual(["thread.created", "thread.deleted"]);
  });

  test("stops what runs in it, whose end writes nothing back", async () => {
    const threadId = await newThread(owner.key, { environmentId: await newEnvironment(owner.key) });
    const { executionId, over } = await startExecution(owner, threadId, "echo up; sleep 600");
    await untilRunning(owner, executionId);
    const answer = await remove(`/v1/threads/${threadId}`);
    expect(answer.json).toMatchObject({ deleted: true, erased: false });
    expect(answer.json.message).not.toContain("for good");
    await expectGone(threadId, executionId);
    await over;
    const execution = firestore().doc(`owners/${owner.id}/executions/${executionId}`);
    await until("the execution to end", async () => {
      const found = await execution.get();
      return !found.exists || found.get("endedAt") !== null;
    });
    await until("the sweep", async () => {
      await firestore()
        .doc(`deletions/${threadId}`)
        .update({ dueAt: 1 })
        .catch(() => null);
      await sweep("deletions");
      return (await orderOf(threadId)) === undefined;
    });
    expect((await execution.get()).exists).toBe(false);
    const { holds } =
      (await firestore().doc(`owners/${owner.id}/account/budget`).get()).data() ?? {};
    expect(Object.keys(holds)).toEqual([]);
    expect((await firestore().doc(`owners/${owner.id}/threads/${threadId}`).get()).exists).toBe(
      false,
    );
  });

  test("stays as evidence, hidden, until the incident that needs it is closed", async () => {
    const { threadId, executionId, asked } = await newConversation();
    const kept = await newConversation();
    const freeze = firestore().doc(`evidenceFreezes/${owner.id}`);
    await freeze.set({ v: 1, incidents: { inc_a: 1 } });
    expect((await remove(`/v1/threads/${threadId}`)).json).toMatchObject({ erased: false });
    await expectGone(threadId, executionId);
    const order = firestore().doc(`deletions/${threadId}`);
    await order.update({ dueAt: 1 });
    await sweep("deletions");
    expect(await allDocuments(owner.id)).toContain(asked);
    // Others' deletions mustn't wait behind it, however long the incident takes.
    expect((await order.get()).get("dueAt")).toBeGreaterThan(Date.now() + 1_800_000);
    const messages = `/v1/threads/${kept.threadId}/messages`;
    const [message] = (await get(messages)).json.data;
    expect((await remove(`${messages}/${message.id}`)).json).toMatchObject({ code: "CONFLICT" });
    await freeze.delete();
    await order.update({ dueAt: 1 });
    await until("the sweep", async () => {
      await sweep("deletions");
      return (await orderOf(threadId)) === undefined;
    });
    expect(await allDocuments(owner.id)).not.toContain(asked);
    expect((await remove(`${messages}/${message.id}`)).status).toBe(200);
  });

  test("leaves an Idempotency-Key used, so that no charged request runs again", async () => {
    const environmentId = await newEnvironment(owner.key);
    const headers = { "idempotency-key": "asked-once" };
    const threads = [
      await newThread(owner.key, { environmentId }),
      await newThread(owner.key, { environmentId }),
    ] as const;
    await runScript(owner.key, threads[0], "true", { headers });
    expect((await remove(`/v1/threads/${threads[0]}`)).json.erased).toBe(true);
    const { answer } = await runScript(owner.key, threads[1], "true", { headers });
    expect(answer.json).toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
  });

  const commits = [1, 2, 3, 4, 5];

  test.each(sharedOut(commits, commits.length))(
    "is erased whatever dies: its function after the commit, maintenance before commit %i",
    async (number) => {
      const { threads, maintenance } = asides;
      for (const one of [threads, maintenance]) await one.untilUp();
      const { threadId, executionId, asked } = await newConversation();
      threads.proxy.faults.order("Commit", { kind: "hold-after" });
      const ended = remove(`/v1/threads/${threadId}`, threads.baseUrl).catch(() => null);
      await until("a commit that is held", async () => threads.proxy.faults.held === 1);
      await threads.kill();
      await ended;
      threads.proxy.faults.clear();
      await expectGone(threadId, executionId);
      await firestore().doc(`deletions/${threadId}`).update({ dueAt: 1 });
      const { faults } = maintenance.proxy;
      if (number > 1) faults.order("Commit", pass, number - 1);
      faults.order("Commit", { kind: "hold-before" });
      const swept = sweep("deletions", maintenance.baseUrl).catch(() => null);
      await until("another commit that is held", async () => faults.held === 1);
      await maintenance.kill();
      await swept;
      faults.clear();
      await until("the sweep", async () => {
        await firestore()
          .doc(`deletions/${threadId}`)
          .update({ dueAt: 1 })
          .catch(() => null);
        await sweep("deletions");
        return (await orderOf(threadId)) === undefined;
      });
      expect(await allDocuments(owner.id)).not.toContain(asked);
    },
  );
});

describe("DAT-3 a message that is deleted", () => {
  test("is gone with its copies in the execution, its events and the thread", async () => {
    const { threadId, executionId, asked } = await newConversation();
    const { data } = (await get(`/v1/threads/${threadId}/messages`)).json;
    const [question, reply] = data as readonly { id: string }[];
    const answer = await remove(`/v1/threads/${threadId}/messages/${reply?.id}`);
    expect(answer.json).toMatchObject({ deleted: true, erased: true });
    const stored = await allDocuments(owner.id);
    expect(stored).not.toContain(asked.toUpperCase());
    expect(stored).toContain(asked);
    const { text } = await get(`/v1/executions/${executionId}/events`);
    expect(text).not.toContain(asked.toUpperCase());
    expect(text).toContain("stream.completed");
    await remove(`/v1/threads/${threadId}/messages/${question?.id}`);
    expect(await allDocuments(owner.id)).not.toContain(asked);
    expect((await get(`/v1/threads/${threadId}/messages`)).json).toMatchObject({ total_count: 0 });
    expect((await get(`/v1/threads/${threadId}`)).json.thread).toMatchObject({ messageCount: 0 });
    expect((await remove(`/v1/threads/${threadId}/messages/${reply?.id}`)).status).toBe(404);
  });

  test("is refused while its execution runs", async () => {
    const threadId = await newThread(owner.key, { environmentId: await newEnvironment(owner.key) });
    const { executionId, over } = await startExecution(owner, threadId, "echo up; sleep 600");
    await untilRunning(owner, executionId);
    const { data } = (await get(`/v1/threads/${threadId}/messages`)).json;
    const refused = await remove(`/v1/threads/${threadId}/messages/${data[0].id}`);
    expect(refused.json).toMatchObject({ code: "THREAD_BUSY" });
    await remove(`/v1/threads/${threadId}`);
    await over;
  });
});

describe("DAT-7 an environment that is deleted", () => {
  test("leaves no copy of its variables in what ran there, and the conversation stays", async () => {
    const value = `value${Math.random().toString(36).slice(2)}`;
    const variables = [{ key: "MODE", value }];
    const fields = { environmentVariables: variables, setupScripts: ["true"] };
    const { environmentId, threadId, executionId } = await newConversation(fields);
    expect(await allDocuments(owner.id)).toContain(value);
    expect((await remove(`/v1/environments/${environmentId}`)).status).toBe(200);
    expect(await allDocuments(owner.id)).not.toContain(value);
    const execution = firestore().doc(`owners/${owner.id}/executions/${executionId}`);
    expect((await execution.get()).data()).toMatchObject({ setupScripts: [], sealedSecrets: [] });
    expect(await orderOf(environmentId)).toBeUndefined();
    expect((await get(`/v1/threads/${threadId}/messages`)).json).toMatchObject({ total_count: 2 });
  });
});
