/** Schedules: what they store, when and with whose rights they start, and what stops them. */
import { describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { anotherKey, newEnvironment, newOwner, type TestOwner } from "../kit/owners.ts";
import { auditOf, firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

const hourMs = 60 * 60_000;
const daily = { name: "report", task: "echo done", cronExpression: "0 9 1 1 *" };

async function newSchedule(key: string, fields: object = {}) {
  const made = await send("/v1/schedules", { key, body: { ...daily, ...fields } });
  expect(made.status, made.text).toBe(201);
  return made.json.schedule;
}

const placeOf = (owner: TestOwner, id: string) =>
  firestore().doc(`owners/${owner.id}/schedules/${id}`);

/** Makes a schedule due, as if its time had come so long ago, and has it run. */
async function runDue(owner: TestOwner, id: string, dueSinceMs = 1_000) {
  const nextRunAt = Date.now() - dueSinceMs;
  await placeOf(owner, id).update({ nextRunAt, dueAt: nextRunAt });
  // Two instances at once, and the local scheduler may be a third.
  await until("it to be done", async () => {
    await Promise.all([sweep("schedules"), sweep("schedules")]);
    const { nextRunAt: next } = (await placeOf(owner, id).get()).data() ?? {};
    return next !== nextRunAt;
  });
  const schedule = (await send(`/v1/schedules/${id}`, { key: owner.key })).json.schedule;
  const runs = (await send(`/v1/schedules/${id}/runs`, { key: owner.key })).json.data;
  return { schedule, runs };
}

test("a schedule is stored, changed, disabled, enabled and deleted, and says when it runs", async () => {
  const owner = await newOwner({ creditUsd: 0 });
  const { key } = owner;
  const zoned = { timezone: "Europe/Berlin", metadata: { team: "a" }, agentName: "helper" };
  const schedule = await newSchedule(key, zoned);
  expect(schedule).toMatchObject({
    ...{ ...daily, ...zoned, scheduleType: "recurring", enabled: true, missedRuns: "run" },
    ...{ userId: owner.id, keyId: owner.keyId, runCount: 0, pausedReason: null },
  });
  const local = new Date(schedule.nextRunAt).toLocaleString("en", { timeZone: "Europe/Berlin" });
  expect(local).toMatch(/9:00:00\sAM$/);
  const path = `/v1/schedules/${schedule.id}`;
  const once = { scheduledTime: "2100-01-01T08:00:00+01:00", name: "later" };
  const changed = await send(path, { key, method: "PATCH", body: once });
  expect(changed.json.schedule).toMatchObject({
    ...{ name: "later", scheduleType: "one-time", cronExpression: null },
    ...{ scheduledTime: "2100-01-01T07:00:00.000Z", nextRunAt: "2100-01-01T07:00:00.000Z" },
  });
  const disabled = await send(`${path}/disable`, { key, method: "PATCH" });
  expect(disabled.json.schedule).toMatchObject({ enabled: false, nextRunAt: null });
  expect((await send("/v1/schedules?enabled=true", { key })).json.total_count).toBe(0);
  const enabled = await send(`${path}/enable`, { key, method: "PATCH" });
  expect(enabled.json.schedule).toMatchObject({
    enabled: true,
    nextRunAt: "2100-01-01T07:00:00.000Z",
  });
  expect((await send("/v1/schedules?scheduleType=one-time", { key })).json.data).toHaveLength(1);
  const deleted = await send(path, { key, method: "DELETE" });
  expect(deleted.json).toMatchObject({ deleted: true, scheduleId: schedule.id, erased: true });
  expect((await send(path, { key })).status).toBe(404);
});

test("the row of a start opens to the task that ran, also if that was changed meanwhile", async () => {
  const owner = await newOwner();
  const { key } = owner;
  const { id } = await newSchedule(key);
  const path = `/v1/schedules/${id}`;
  for (const task of ["echo one", "echo two", "echo three"]) {
    const [, run] = await Promise.all([
      send(path, { key, method: "PATCH", body: { task } }),
      send(`${path}/trigger`, { key, method: "POST" }),
    ]);
    expect(run.status, run.text).toBe(200);
    const { runId, thread } = run.json;
    const row = (await auditOf(owner.id)).find(({ subject }) => subject === runId);
    const opened = await send(`/v1/audit/${row?.id}/details`, { key });
    expect(opened.status, opened.text).toBe(200);
    const { messages } = (await send(`/v1/threads/${thread.id}`, { key })).json.thread;
    expect(opened.json.details.task).toBe(messages[0].content);
    await send(`/v1/threads/${thread.id}/cancel`, { key, method: "POST" });
  }
});

test("a schedule is refused by the field that is wrong", async () => {
  const { key } = await newOwner({ creditUsd: 0 });
  const wrong = [
    ["cronExpression", { cronExpression: "0 9 * *" }],
    ["timezone", { timezone: "Mars/Olympus" }],
    ["scheduledTime", { cronExpression: undefined, scheduledTime: "2020-01-01T00:00:00Z" }],
    ["cronExpression", { cronExpression: undefined }],
    ["scheduleType", { scheduleType: "one-time" }],
  ] as const;
  for (const [field, fields] of wrong) {
    const refused = await send("/v1/schedules", { key, body: { ...daily, ...fields } });
    expect(refused).toMatchObject({ status: 400, json: { details: [{ field }] } });
  }
});

describe("a schedule that is due", () => {
  test("starts one execution in a new thread, with its key, however many processes look at once", async () => {
    const owner = await newOwner();
    const { key } = owner;
    const { id } = await newSchedule(key);
    const { schedule, runs } = await runDue(owner, id);
    expect(schedule).toMatchObject({ runCount: 1, enabled: true });
    expect(Date.parse(schedule.nextRunAt)).toBeGreaterThan(Date.now());
    expect(runs).toMatchObject([{ cause: "schedule", count: 1, error: null }]);
    const [{ threadId, runId }] = runs;
    const threads = (await send("/v1/threads", { key })).json.data;
    expect(threads).toMatchObject([
      { id: threadId, title: "report", metadata: { scheduleId: id } },
    ]);
    await until("its execution to end", async () => {
      const { json } = await send(`/v1/executions/${runId}`, { key });
      return json.execution.status === "success";
    });
    const after = (await send(`/v1/schedules/${id}`, { key })).json.schedule;
    expect(after).toMatchObject({ successCount: 1, failureCount: 0 });
    const row = (await auditOf(owner.id)).find(({ subject }) => subject === runId);
    expect(row).toMatchObject({
      ...{ action: "execution.started", actor: { type: "key", id: owner.keyId } },
      facts: { scheduleId: id },
    });
  });

  test("pauses when the budget refuses, and runs nothing until it is enabled", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const { id } = await newSchedule(owner.key);
    const { schedule, runs } = await runDue(owner, id);
    expect(schedule).toMatchObject({ enabled: false, pausedReason: "budget", nextRunAt: null });
    expect(runs).toMatchObject([
      { status: "refused", error: { code: "INSUFFICIENT_BUDGET" }, threadId: null },
    ]);
    const enabled = await send(`/v1/schedules/${id}/enable`, { key: owner.key, method: "PATCH" });
    expect(enabled.json.schedule).toMatchObject({ enabled: true, pausedReason: null });
  });

  test("KEY-5 starts nothing once its key was revoked, and then acts with who enabled it", async () => {
    const owner = await newOwner();
    const doomed = await anotherKey(owner);
    const { id } = await newSchedule(doomed.key);
    await send(`/v1/keys/${doomed.keyId}/revoke`, { key: owner.key, method: "POST" });
    const { schedule } = await runDue(owner, id);
    expect(schedule).toMatchObject({ enabled: false, pausedReason: "key", runCount: 0 });
    const enabled = await send(`/v1/schedules/${id}/enable`, { key: owner.key, method: "PATCH" });
    expect(enabled.json.schedule).toMatchObject({ keyId: owner.keyId });
    expect((await runDue(owner, id)).schedule).toMatchObject({ runCount: 1 });
  });

  test("goes on with the key that its own was rotated to", async () => {
    const owner = await newOwner();
    const old = await anotherKey(owner);
    const { id } = await newSchedule(old.key);
    const body = { gracePeriodHours: 0 };
    const rotated = await send(`/v1/keys/${old.keyId}/rotate`, { key: owner.key, body });
    const keyId = rotated.json.id;
    expect((await runDue(owner, id)).schedule).toMatchObject({ enabled: true, runCount: 1, keyId });
  });

  test.each([
    ["revoked", "POST", "/revoke"],
    ["deleted", "DELETE", ""],
  ])("goes on though the key that a rotation has ended is %s as well", async (_, method, path) => {
    const owner = await newOwner();
    const old = await anotherKey(owner);
    const { id } = await newSchedule(old.key);
    const body = { gracePeriodHours: 0 };
    await send(`/v1/keys/${old.keyId}/rotate`, { key: owner.key, body });
    const ended = await send(`/v1/keys/${old.keyId}${path}`, { key: owner.key, method });
    expect(ended.status).toBe(200);
    expect((await runDue(owner, id)).schedule).toMatchObject({ enabled: true, runCount: 1 });
  });

  test("runs the last of the times that a downtime missed, or skips them, and lists them", async () => {
    const owner = await newOwner();
    // Half an hour ago it was due last.
    const minute = new Date(Date.now() + hourMs / 2).getUTCMinutes();
    const hourly = { cronExpression: `${minute} * * * *` };
    const [late, skipped] = [
      await newSchedule(owner.key, hourly),
      await newSchedule(owner.key, { ...hourly, missedRuns: "skip" }),
    ];
    const ran = await runDue(owner, late.id, 26.5 * hourMs);
    expect(ran.schedule.runCount).toBe(1);
    expect(ran.runs).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ status: "missed", count: 26 }),
        expect.objectContaining({ cause: "schedule", count: 1, error: null }),
      ]),
    );
    const none = await runDue(owner, skipped.id, 26.5 * hourMs);
    expect(none.schedule.runCount).toBe(0);
    expect(none.runs).toMatchObject([{ status: "missed", count: 27 }]);
  });

  test("goes with its environment, and with what its key may see", async () => {
    const owner = await newOwner();
    const environmentId = await newEnvironment(owner.key);
    const { id } = await newSchedule(owner.key, { environmentId });
    await send(`/v1/environments/${environmentId}`, { key: owner.key, method: "DELETE" });
    await until("it to be erased", async () => !(await placeOf(owner, id).get()).exists);
  });
});

test("a thread that is made with a schedule runs nothing now, and the schedule its content", async () => {
  const { key } = await newOwner({ creditUsd: 0 });
  const schedule = { cronExpression: "30 7 1 1 *", timezone: "Asia/Tokyo" };
  const headers = { "idempotency-key": "once" };
  const body = { content: "echo hello", title: "greeting", schedule };
  const made = await send("/v1/threads", { key, body, headers });
  expect(made).toMatchObject({
    status: 201,
    json: {
      thread: { status: "active", messageCount: 0 },
      schedule: { ...schedule, task: "echo hello", name: "greeting" },
    },
  });
  expect((await send("/v1/threads", { key, body, headers })).json).toEqual(made.json);
  expect((await send("/v1/schedules", { key })).json.total_count).toBe(1);
});

test("a schedule runs at once when it is asked to, with the asking key", async () => {
  const owner = await newOwner();
  const { id } = await newSchedule(owner.key, { enabled: false });
  const ran = await send(`/v1/schedules/${id}/trigger`, { key: owner.key, method: "POST" });
  expect(ran).toMatchObject({
    status: 200,
    json: { triggered: true, thread: { title: "report" } },
  });
  const { json } = await send(`/v1/schedules/${id}/runs`, { key: owner.key });
  expect(json.data).toMatchObject([{ cause: "request", runId: ran.json.runId }]);
});

test("AUT-2 a key that may not execute can neither make, enable nor run a schedule", async () => {
  const owner = await newOwner({ creditUsd: 0 });
  const { id } = await newSchedule(owner.key);
  const scopes = ["schedules:read", "schedules:write", "threads:write"];
  const made = await send("/v1/keys", { key: owner.key, body: { name: "narrow", scopes } });
  const key = made.json.key;
  const path = `/v1/schedules/${id}`;
  const refused = [
    await send("/v1/schedules", { key, body: daily }),
    await send(path, { key, method: "PATCH", body: { task: "echo stolen" } }),
    await send(`${path}/enable`, { key, method: "PATCH" }),
    await send(`${path}/trigger`, { key, method: "POST" }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  expect((await send(`${path}/disable`, { key, method: "PATCH" })).status).toBe(200);
});

test("AUT-2 a schedule that an earlier release let a key make that may not execute starts nothing", async () => {
  const owner = await newOwner();
  const { id } = await newSchedule(owner.key);
  const scopes = ["schedules:write", "threads:write"];
  const narrow = { name: "narrow", scopes };
  const made = await send("/v1/keys", { key: owner.key, body: narrow });
  await placeOf(owner, id).update({ keyId: made.json.id });
  const { runs } = await runDue(owner, id);
  expect(runs).toMatchObject([{ status: "refused", runId: null, error: { code: "FORBIDDEN" } }]);
  expect((await send("/v1/threads", { key: owner.key })).json.total_count).toBe(0);
});
