/** Triggers: signed webhooks start them, once each, and nothing else does. */
import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { ignoredPerDayMax } from "#shared/triggers/decide-delivery";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { anotherKey, newEnvironment, newOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

const prompt = 'echo "got $TRIGGER_EVENT"';
const action = { type: "send_message", prompt };

async function newTrigger(key: string, fields: object = {}) {
  const environmentId = await newEnvironment(key);
  const wanted = { name: "deploys", environmentId, source: "webhook", event: "deploy", action };
  const made = await send("/v1/triggers", { key, body: { ...wanted, ...fields } });
  expect(made.status, made.text).toBe(201);
  return made.json.trigger;
}

/** Sends a webhook as a library of the standard signs it. */
async function deliver(
  trigger: { webhookUrl: string; webhookSecret: string },
  body: object,
  { id = "msg_1", secret = trigger.webhookSecret, sentAt = new Date() } = {},
) {
  const text = JSON.stringify(body);
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, sentAt, text),
  };
  return await send(trigger.webhookUrl, { method: "POST", raw: text, headers });
}

test("a signed webhook starts a trigger's message once, with its payload as data", async () => {
  const { key, keyId } = await newOwner();
  const trigger = await newTrigger(key, { filters: { stage: "live" } });
  expect(trigger).toMatchObject({
    keyId,
    enabled: true,
    webhookSecret: expect.stringMatching(/^whsec_/),
  });
  const payload = { type: "deploy", stage: "live", note: "$(echo no) `echo no`" };
  const sent = await deliver(trigger, payload);
  expect(sent, sent.text).toMatchObject({ status: 202, json: { status: "started" } });
  const again = await deliver(trigger, payload);
  expect(again.json).toEqual(sent.json);
  const other = await deliver(trigger, { ...payload, stage: "test" }, { id: "msg_2" });
  expect(other.json).toMatchObject({ status: "ignored", threadId: null });
  const log = async () => (await send(`/v1/triggers/${trigger.id}/executions`, { key })).json.data;
  await until("its execution to end", async () =>
    (await log()).some(({ status }: { status: string }) => status === "completed"),
  );
  expect(await log()).toMatchObject([
    { status: "ignored", error: "it doesn't pass the filters" },
    { status: "completed", event: payload, threadId: sent.json.threadId, isTest: false },
  ]);
  const path = `/v1/threads/${sent.json.threadId}/messages`;
  const said = (await send(path, { key })).json.data;
  expect(said.map(({ content }: { content: string }) => content.trim())).toContain(
    `got ${JSON.stringify(payload)}`,
  );
  const shown = (await send(`/v1/triggers/${trigger.id}`, { key })).json.trigger;
  expect(shown).toMatchObject({ webhookSecret: "", lastTriggeredAt: expect.any(String) });
});

test("a webhook that isn't signed, is too old or goes to an old address starts nothing", async () => {
  const { key } = await newOwner({ creditUsd: 0 });
  const trigger = await newTrigger(key);
  const body = { type: "deploy" };
  const old = new Date(Date.now() - 600_000);
  const stranger = `whsec_${Buffer.alloc(32).toString("base64")}`;
  const guessed = `${trigger.webhookUrl.slice(0, -40)}${"0".repeat(40)}`;
  const url = `/v1/triggers/${trigger.id}/rotate-secret`;
  const refused = [
    await send(trigger.webhookUrl, { method: "POST", raw: JSON.stringify(body) }),
    await deliver(trigger, body, { secret: stranger }),
    await deliver(trigger, body, { sentAt: old }),
    await deliver({ ...trigger, webhookUrl: guessed }, body),
  ];
  expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 404]);
  const renewed = (await send(url, { key, method: "POST" })).json.trigger;
  expect((await deliver(trigger, body)).status).toBe(404);
  // Its signature is taken, so the budget is what refuses.
  expect((await deliver(renewed, body)).status).toBe(402);
  const paused = (await send(`/v1/triggers/${trigger.id}`, { key })).json.trigger;
  expect(paused).toMatchObject({ enabled: false, pausedReason: "budget" });
});

test("AUT-2 only a key that may start executions renews a secret, and the trigger ends with it", async () => {
  const owner = await newOwner();
  const { key } = owner;
  const trigger = await newTrigger(key);
  const url = `/v1/triggers/${trigger.id}/rotate-secret`;
  const weak = { name: "weak", scopes: ["schedules:read", "schedules:write"] };
  const { json } = await send("/v1/keys", { key, body: weak });
  expect((await send(url, { key: json.key, method: "POST" })).status).toBe(403);
  const stolen = await anotherKey(owner);
  const renewed = (await send(url, { key: stolen.key, method: "POST" })).json.trigger;
  expect(renewed.keyId).toBe(stolen.keyId);
  await send(`/v1/keys/${stolen.keyId}/revoke`, { key, method: "POST" });
  const sent = await deliver(renewed, { type: "deploy" });
  expect(sent.json).toMatchObject({ status: "ignored", threadId: null });
});

test("GitHub's own signature is taken, and a repeated body starts nothing again", async () => {
  const { key } = await newOwner();
  const trigger = await newTrigger(key, { source: "github", event: "pull_request.opened" });
  const raw = '{"action":"opened","number":9007199254740993}';
  const hex = createHmac("sha256", trigger.webhookSecret).update(raw).digest("hex");
  const headers = { "x-github-event": "pull_request", "x-hub-signature-256": `sha256=${hex}` };
  const sent = await send(trigger.webhookUrl, { method: "POST", raw, headers });
  expect(sent, sent.text).toMatchObject({ status: 202, json: { status: "started" } });
  const again = await send(trigger.webhookUrl, { method: "POST", raw, headers });
  expect(again.json).toEqual(sent.json);
  // A double would make it another number.
  const path = `/v1/threads/${sent.json.threadId}/messages`;
  await until("the payload to be printed", async () =>
    (await send(path, { key })).text.includes("9007199254740993"),
  );
});

test.each([
  ["and what it runs", {}],
  ["though what it runs goes on", { keepExecutions: true }],
])("KEY-5 revoking a key pauses its schedules and triggers, %s", async (_what, body) => {
  const owner = await newOwner();
  const doomed = await anotherKey(owner);
  const trigger = await newTrigger(doomed.key);
  const daily = { name: "report", task: "true", cronExpression: "0 9 1 1 *" };
  const schedule = (await send("/v1/schedules", { key: doomed.key, body: daily })).json.schedule;
  await send(`/v1/keys/${doomed.keyId}/revoke`, { key: owner.key, body });
  const paused = { enabled: false, pausedReason: "key" };
  const { key } = owner;
  expect((await send(`/v1/schedules/${schedule.id}`, { key })).json.schedule).toMatchObject(paused);
  expect((await send(`/v1/triggers/${trigger.id}`, { key })).json.trigger).toMatchObject(paused);
  const sent = await deliver(trigger, { type: "deploy" });
  expect(sent.json).toMatchObject({ status: "ignored", threadId: null });
});

test("deliveries that start nothing are logged without payloads, about a hundred a day", async () => {
  const owner = await newOwner({ creditUsd: 0 });
  const trigger = await newTrigger(owner.key, { enabled: false });
  const stored = firestore().doc(`owners/${owner.id}/triggers/${trigger.id}`);
  const ignore = async (id: string) => {
    const sent = await deliver(trigger, { type: "deploy", text: "theirs" }, { id });
    expect(sent.json).toMatchObject({ status: "ignored", threadId: null });
  };
  await ignore("first");
  expect((await stored.get()).data()).toMatchObject({ ignoredCount: 1 });
  await stored.update({ ignoredCount: ignoredPerDayMax - 2 });
  for (const id of ["late", "last", "more", "even more"]) await ignore(id);
  const { data } = (await send(`/v1/triggers/${trigger.id}/executions`, { key: owner.key })).json;
  const nothing = { status: "ignored", event: null, eventPayload: null };
  const error = "the trigger is disabled; more of this day (UTC) may not be listed";
  const first = { ...nothing, error: "the trigger is disabled" };
  expect(data).toMatchObject([{ ...nothing, error }, { ...nothing, error }, first]);
  const { docs } = await stored.collection("triggerDeliveries").get();
  expect(docs.map((doc) => doc.get("payloadJson"))).toEqual(["null", "null", "null"]);
});

test("a trigger is tested with a payload, changed, and deleted for good", async () => {
  const { key } = await newOwner();
  const trigger = await newTrigger(key, { enabled: false });
  const path = `/v1/triggers/${trigger.id}`;
  const tested = await send(`${path}/test`, { key, body: { payload: { n: 1 } } });
  expect(tested, tested.text).toMatchObject({
    status: 200,
    json: { execution: { isTest: true, status: "pending", event: { n: 1 }, error: null } },
  });
  const changes = { name: "other", event: "*", filters: { a: 1 } };
  const changed = await send(path, { key, method: "PATCH", body: changes });
  expect(changed.json.trigger).toMatchObject(changes);
  const enabled = await send(`${path}/enable`, { key, method: "PATCH" });
  expect(enabled.json.trigger).toMatchObject({ enabled: true });
  const deleted = await send(path, { key, method: "DELETE" });
  expect(deleted.json).toMatchObject({ deleted: true, triggerId: trigger.id, erased: true });
  expect((await deliver(trigger, { type: "deploy" })).status).toBe(404);
});

test("what starts nothing is ignored, however long its message would be", async () => {
  const { key } = await newOwner({ creditUsd: 0 });
  const agent = await send("/v1/agents", { key, body: { name: "a", model: "claude-sonnet-4-5" } });
  const often = { type: "send_message", prompt: "{{event}} {{event}} {{event}} {{event}}" };
  const trigger = await newTrigger(key, { agentId: agent.json.agent.id, action: often });
  const pad = "x".repeat(55_000);
  const other = await deliver(trigger, { type: "other", pad });
  expect(other, other.text).toMatchObject({ status: 202, json: { status: "ignored" } });
  expect((await deliver(trigger, { type: "deploy", pad }, { id: "msg_2" })).status).toBe(413);
  await send(`/v1/triggers/${trigger.id}/disable`, { key, method: "PATCH" });
  const late = await deliver(trigger, { type: "deploy", pad }, { id: "msg_3" });
  expect(late, late.text).toMatchObject({ status: 202, json: { status: "ignored" } });
});
