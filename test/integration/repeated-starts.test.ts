/** Starts that hold money, repeated with their Idempotency-Key, hold it once. */
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { accountOf } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { newOrchestration } from "../kit/orchestrations.ts";
import { newEnvironment, newOwner, type TestOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

const extensions = "RUN true";
const action = { type: "send_message", prompt: "true" };

/** What of an owner's holds money of its own: runs, and executions that are no run's step. */
async function startsOf(owner: TestOwner): Promise<number> {
  const executions = await firestore().collection(`owners/${owner.id}/executions`).get();
  const own = executions.docs.filter((doc) => doc.get("source") !== "orchestration");
  return own.length + Object.keys((await accountOf(owner)).runs).length;
}

/** Sends a start twice at once and once more, and another with the same key. */
async function expectOnce(
  owner: TestOwner,
  request: { readonly path: string; readonly method?: string; readonly body?: object },
  other: object | null,
) {
  const { path, method = "POST", body = {} } = request;
  const headers = { "idempotency-key": randomUUID() };
  const ask = async (sent: object) =>
    await send(path, { key: owner.key, method, body: sent, headers });
  const before = await startsOf(owner);
  const both = await Promise.all([ask(body), ask(body)]);
  const last = await ask(body);
  const statuses = [...both, last].map(({ status }) => status);
  expect(statuses, `${path} ${last.text}`).toEqual([200, 200, 200]);
  expect((await startsOf(owner)) - before, path).toBe(1);
  if (other !== null) expect((await ask(other)).json.code, path).toBe("IDEMPOTENCY_CONFLICT");
  return [...both, last].map(({ json }) => json);
}

test("a run, a schedule and a trigger start once for an Idempotency-Key", async () => {
  const owner = await newOwner({ creditUsd: 50 });
  const { key } = owner;
  const steps = [{ name: "a", instructions: "sleep 20" }];
  const { id, environmentId } = await newOrchestration(key, { steps });
  const runs = await expectOnce(
    owner,
    { path: `/v1/orchestrations/${id}/runs` },
    { inputs: { a: 1 } },
  );
  expect(new Set(runs.map(({ run }) => run.id)).size).toBe(1);

  const timed = { name: "nightly", task: "true", environmentId, cronExpression: "0 9 1 1 *" };
  const { schedule } = (await send("/v1/schedules", { key, body: timed })).json;
  const path = `/v1/schedules/${schedule.id}/trigger`;
  const triggered = await expectOnce(owner, { path }, null);
  expect(new Set(triggered.map(({ runId }) => runId)).size).toBe(1);
  expect(new Set(triggered.map(({ thread }) => thread.id)).size).toBe(1);

  const sent = { name: "deploys", environmentId, source: "webhook", event: "deploy", action };
  const { trigger } = (await send("/v1/triggers", { key, body: sent })).json;
  const tested = await expectOnce(
    owner,
    { path: `/v1/triggers/${trigger.id}/test`, body: { payload: { a: 1 } } },
    { payload: { a: 2 } },
  );
  expect(new Set(tested.map(({ execution }) => execution.id)).size).toBe(1);
  expect(tested[2].execution).toMatchObject({ eventPayload: { a: 1 }, isTest: true });
  const rotated = await send(`/v1/triggers/${trigger.id}/rotate-secret`, {
    key,
    method: "POST",
    headers: { "idempotency-key": "once" },
  });
  expect(rotated.json).toMatchObject({ details: [{ field: "Idempotency-Key" }] });

  // What was started can't be started again once its thread is deleted.
  const headers = { "idempotency-key": randomUUID() };
  const first = await send(path, { key, method: "POST", headers });
  const { thread } = first.json;
  await until("the thread to be free", async () => {
    return (await send(`/v1/threads/${thread.id}`, { key, method: "DELETE" })).status === 200;
  });
  const repeated = await send(path, { key, method: "POST", headers });
  expect(repeated.json.code).toBe("IDEMPOTENCY_CONFLICT");
});

test("OWN-4 a key that may start nothing gets nothing by repeating what another key started", async () => {
  const owner = await newOwner({ creditUsd: 50 });
  const { key } = owner;
  const environmentId = await newEnvironment(key, { dockerfileExtensions: "RUN echo PRI''NTED" });
  const scopes = ["threads:write", "environments:write"];
  const weak = (await send("/v1/keys", { key, body: { name: "weak", scopes } })).json.key;
  const timed = { cronExpression: "0 9 1 1 *" };
  const started = [
    ["/v1/threads", { content: "echo PRI''NTED", environmentId }],
    ["/v1/threads", { content: "echo PRI''NTED", environmentId, schedule: timed }],
    [`/v1/environments/${environmentId}/build/test`, {}],
  ] as const;
  for (const [path, body] of started) {
    const headers = { "idempotency-key": randomUUID() };
    const first = await send(path, { key, method: "POST", body, headers });
    expect([200, 201], first.text).toContain(first.status);
    const repeated = await send(path, { key: weak, method: "POST", body, headers });
    expect(repeated.status, repeated.text).toBe(403);
    expect(repeated.text).not.toContain("PRINTED");
  }
});

test("a build starts once for an Idempotency-Key, also one that is forced", async () => {
  const owner = await newOwner({ creditUsd: 50 });
  const { key } = owner;
  const environmentId = await newEnvironment(key, { dockerfileExtensions: extensions });
  const at = `/v1/environments/${environmentId}`;
  const isBuilt = async () =>
    (await send(`${at}/build/status`, { key })).json.buildStatus !== "building";
  await expectOnce(owner, { path: `${at}/build`, body: { force: true } }, { force: false });
  await until("the build to end", isBuilt);
  await expectOnce(owner, { path: `${at}/build/test` }, null);
  const instructions = { dockerfileExtensions: "RUN true && true" };
  const set = { path: `${at}/dockerfile`, method: "PUT", body: instructions };
  const answers = await expectOnce(owner, set, { dockerfileExtensions: "RUN false" });
  expect(answers[2]).toMatchObject({ environment: { dockerfileExtensions: "RUN true && true" } });
});
