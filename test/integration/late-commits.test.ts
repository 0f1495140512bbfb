/**
 * A request whose commit is held while what it starts from is deleted or disabled: its process had
 * read all of it before, and stores nothing afterwards.
 */
import { createHmac, randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Answer, send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newAgent } from "../kit/orchestrations.ts";
import { newEnvironment, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

let automation: FunctionAside;
let threads: FunctionAside;
const asides: FunctionAside[] = [];
let owner: TestOwner;

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 5 });
  for (const name of ["automation", "threads"]) asides.push(...(await startAsides(name, 1)));
  [automation, threads] = asides as [FunctionAside, FunctionAside];
});

afterEach(() => {
  for (const { proxy } of asides) proxy.faults.clear();
});

afterAll(async () => {
  await Promise.all(asides.map((aside) => aside.stop()));
});

/** Holds the commit of `begin` until `close` is done. */
async function late(
  { proxy }: FunctionAside,
  begin: () => Promise<Answer>,
  close: () => Promise<Answer>,
): Promise<Answer> {
  proxy.faults.order("Commit", { kind: "hold-before" });
  const begun = begin();
  await until("a commit that is held", async () => proxy.faults.held > 0);
  const closed = await close();
  expect(closed.status, closed.text).toBe(200);
  proxy.faults.clear();
  return await begun;
}

async function stored(collection: string, field: string, value: string) {
  const all = firestore().collection(`owners/${owner.id}/${collection}`);
  return (await all.where(field, "==", value).get()).size;
}

describe("DAT-7 in an environment that is deleted before its commit", () => {
  const action = { type: "send_message", prompt: "true" };
  const made = {
    schedules: { name: "a", task: "true", cronExpression: "0 9 1 1 *" },
    triggers: { name: "a", source: "webhook", event: "*", action },
    orchestrations: { name: "a", strategy: "sequential" },
  };

  test.each(Object.entries(made))("no one of %s is made", async (collection, fields) => {
    const { key } = owner;
    const environmentId = await newEnvironment(key);
    const steps = [{ name: "a", agentId: await newAgent(key), instructions: "true" }];
    const body = { ...fields, environmentId, ...(collection === "orchestrations" && { steps }) };
    const { baseUrl } = automation;
    const answer = await late(
      automation,
      () => send(`/v1/${collection}`, { key, body, baseUrl }),
      () => send(`/v1/environments/${environmentId}`, { key, method: "DELETE" }),
    );
    expect(answer.status, answer.text).toBe(404);
    expect(await stored(collection, "environmentId", environmentId)).toBe(0);
  });

  test("no schedule is moved there", async () => {
    const { key } = owner;
    const { baseUrl } = automation;
    const body = made.schedules;
    const { id } = (await send("/v1/schedules", { key, body })).json.schedule;
    const environmentId = await newEnvironment(key);
    const moved = { key, method: "PATCH", body: { environmentId }, baseUrl };
    const answer = await late(
      automation,
      () => send(`/v1/schedules/${id}`, moved),
      () => send(`/v1/environments/${environmentId}`, { key, method: "DELETE" }),
    );
    expect(answer.status, answer.text).toBe(404);
    expect(await stored("schedules", "environmentId", environmentId)).toBe(0);
  });

  test.each(["a new thread", "a thread of before"])("%s starts nothing", async (which) => {
    const { key } = owner;
    const environmentId = await newEnvironment(key, {
      environmentVariables: [{ key: "SECRET", value: "variable-of-the-deleted" }],
    });
    const threadId = await newThread(key, { environmentId });
    const path = which === "a new thread" ? "/v1/threads" : `/v1/threads/${threadId}/messages`;
    const body =
      which === "a new thread" ? { environmentId, content: "true" } : { content: "true" };
    const answer = await late(
      threads,
      () => send(path, { key, body, baseUrl: threads.baseUrl }),
      () => send(`/v1/environments/${environmentId}`, { key, method: "DELETE" }),
    );
    expect(answer.status, answer.text).toBe(404);
    expect(await stored("executions", "environmentId", environmentId)).toBe(0);
  });
});

describe("AUT-2 a delivery that was read", () => {
  async function newTrigger() {
    const { key } = owner;
    const environmentId = await newEnvironment(key);
    const action = { type: "send_message", prompt: "true" };
    const wanted = { name: "a", environmentId, source: "github", event: "*", action };
    return (await send("/v1/triggers", { key, body: wanted })).json.trigger;
  }

  function deliver(
    trigger: { readonly webhookUrl: string; readonly webhookSecret: string },
    raw = JSON.stringify({ id: randomUUID() }),
  ) {
    const hex = createHmac("sha256", trigger.webhookSecret).update(raw).digest("hex");
    const headers = { "x-github-event": "push", "x-hub-signature-256": `sha256=${hex}` };
    const { baseUrl } = automation;
    return send(trigger.webhookUrl, { method: "POST", raw, headers, baseUrl });
  }

  async function startsOf({ id }: { readonly id: string }): Promise<number> {
    const log = firestore().collection(`owners/${owner.id}/triggers/${id}/triggerDeliveries`);
    return (await log.where("status", "==", "started").get()).size;
  }

  const closings = [
    ["disabled", "PATCH", "/disable", 202],
    ["deleted", "DELETE", "", 404],
    ["given another address", "POST", "/rotate-secret", 404],
  ] as const;

  test.each(closings)("starts nothing of a trigger that is %s", async (_, method, tail, status) => {
    const trigger = await newTrigger();
    // A trigger that was just used isn't written again for a minute.
    expect((await deliver(trigger)).json).toMatchObject({ status: "started" });
    const answer = await late(
      automation,
      () => deliver(trigger),
      () => send(`/v1/triggers/${trigger.id}${tail}`, { key: owner.key, method }),
    );
    expect(answer.status, answer.text).toBe(status);
    if (status === 202) expect(answer.json).toMatchObject({ status: "ignored", threadId: null });
    // The log of one that is deleted is erased.
    expect(await startsOf(trigger)).toBe(method === "DELETE" ? 0 : 1);
  });

  test("and refused starts once when it comes again and the trigger is enabled", async () => {
    const trigger = await newTrigger();
    const path = `/v1/triggers/${trigger.id}`;
    const { key } = owner;
    const raw = JSON.stringify({ id: randomUUID() });
    const { environmentId } = trigger;
    const held = firestore().doc(`owners/${owner.id}/environments/${environmentId}`);
    const before = (await held.get()).data() ?? {};
    await held.delete();
    expect((await deliver(trigger, raw)).status).toBe(404);
    await held.set(before);
    expect((await send(path, { key })).json.trigger).toMatchObject({ enabled: false });
    expect((await deliver(trigger, raw)).json).toMatchObject({ status: "refused" });
    expect((await send(`${path}/enable`, { key, method: "PATCH" })).status).toBe(200);
    const started = await deliver(trigger, raw);
    expect(started.json, started.text).toMatchObject({ status: "started" });
    expect((await deliver(trigger, raw)).json).toEqual(started.json);
    expect(await startsOf(trigger)).toBe(1);
    const { data } = (await send(`${path}/executions`, { key })).json;
    expect(data).toHaveLength(1);
  });
});
