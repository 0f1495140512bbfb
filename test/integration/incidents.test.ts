/** Incidents: what detectors find in trails, how operators work on them, what owners see. */
import { beforeAll, describe, expect, test } from "vitest";
import { Anomaly, Incident } from "#shared/store/incidents";
import { accounts, audiences, firstOperator } from "../../local/cloud/names.ts";
import { type Answer, send } from "../kit/client.ts";
import { functionUrl, idTokenFor, operatorTokenFor, until } from "../kit/cloud.ts";
import { startAsides } from "../kit/function-aside.ts";
import { anotherKey, newEnvironment, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { plantSignals } from "../kit/plant-signals.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { auditOf, firestore } from "../kit/store.ts";

const hourMs = 3_600_000;

async function watch(route: "detect" | "containments", baseUrl?: string): Promise<Answer> {
  const key = await idTokenFor(accounts.scheduler, audiences.maintenance);
  const url = baseUrl ?? (await functionUrl("incident-watch"));
  return await send(`/internal/incidents/${route}`, { baseUrl: url, key, method: "POST" });
}

/** What an operator asks for, below `/v1/admin`. */
async function operate(path: string, body?: object): Promise<Answer> {
  const key = await operatorTokenFor(firstOperator);
  const method = body === undefined && !path.endsWith("/release") ? "GET" : "POST";
  return await send(`/v1/admin${path}`, { key, method, ...(body ? { body } : {}) });
}

async function incidentsOf({ key }: TestOwner) {
  const { status, json, text } = await send("/v1/incidents", { key });
  expect(status, text).toBe(200);
  return json.data;
}

async function stored(ownerId: string) {
  const anomalies = await firestore().collection(`owners/${ownerId}/anomalies`).get();
  const incidents = await firestore()
    .collection("incidents")
    .where("ownerIds", "array-contains", ownerId)
    .get();
  return {
    anomalies: anomalies.docs.map((doc) => Anomaly.parse(doc.data())),
    incidents: incidents.docs.map((doc) => Incident.parse(doc.data())),
  };
}

async function leftMarks(ownerId: string): Promise<number> {
  const marked = firestore().collection(`owners/${ownerId}/audit`).where("undetected", ">", "");
  return (await marked.count().get()).data().count;
}

describe("INC-1 detectors", () => {
  test("open one incident per key and day, however often and by how many they are called", async () => {
    const [owner, quiet] = [await newOwner({ creditUsd: 0 }), await newOwner({ creditUsd: 0 })];
    await plantSignals(owner.id, 450, {
      action: "key.refused",
      facts: { refusals: 10, before: 1 },
    });
    await plantSignals(quiet.id, 1, { action: "key.refused", facts: { refusals: 1, before: 0 } });
    const [aside = expect.fail()] = await startAsides("incident-watch", 1);
    try {
      const both = [aside.baseUrl, await functionUrl("incident-watch")];
      // One of them dies at any point of its work, and its platform calls again.
      const calls = Promise.allSettled(both.map((baseUrl) => watch("detect", baseUrl)));
      await aside.kill();
      await calls;
      await until("no row is left", async () => {
        await Promise.allSettled(both.map((baseUrl) => watch("detect", baseUrl)));
        return (await leftMarks(owner.id)) === 0;
      });
    } finally {
      await aside.stop();
    }
    const { anomalies, incidents } = await stored(owner.id);
    // 450 rows, each of which says that nine more uses were refused.
    expect(anomalies).toMatchObject([{ detector: "refusals", level: "incident", amount: 4_050 }]);
    expect(incidents).toMatchObject([{ source: "refusals", amount: 4_050, phase: "detection" }]);
    expect(await stored(quiet.id)).toEqual({ anomalies: [], incidents: [] });
    const rows = await auditOf("user_operators");
    const opened = rows.filter(({ subject }) => subject === incidents[0]?.id);
    expect(opened.map(({ action }) => action)).toEqual(["incident.opened"]);
  });

  test("concern the owner alone whom the incident is about", async () => {
    const [owner, stranger] = [await newOwner({ creditUsd: 0 }), await newOwner({ creditUsd: 0 })];
    await plantSignals(owner.id, 1, { action: "budget.violated", facts: {} });
    await until("the incident", async () => {
      await watch("detect");
      return (await stored(owner.id)).incidents.length === 1;
    });
    const [incident] = await incidentsOf(owner);
    expect(incident).toMatchObject({ source: "ledger", phase: "detection", closedAt: null });
    expect(await incidentsOf(stranger)).toEqual([]);
    const path = `/v1/incidents/${incident.id}`;
    expect((await send(path, { key: owner.key })).json).toEqual({ incident });
    expect((await send(path, { key: stranger.key })).status).toBe(404);
    const narrow = { name: "narrow", scopes: ["billing:read"] };
    const { json } = await send("/v1/keys", { key: owner.key, body: narrow });
    expect((await send(path, { key: json.key })).status).toBe(403);
  });
});

/** An incident that an operator has opened for an owner, assigned and moved to containment. */
async function openFor(userIds: readonly string[]): Promise<string> {
  const opened = await operate("/incidents", { title: "a leaked key", userIds });
  expect(opened.status, opened.text).toBe(201);
  const { id } = opened.json;
  expect((await operate(`/incidents/${id}/assign`, { email: firstOperator })).status).toBe(200);
  for (const phase of ["triage", "containment"]) {
    expect((await operate(`/incidents/${id}/move`, { phase })).status).toBe(200);
  }
  return id;
}

describe("INC-3 an incident", () => {
  test("moves as the table says, assigned, and each step is stamped and audited", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const note = "seen in a public repository";
    const { json } = await operate("/incidents", { title: "a leak", userIds: [owner.id], note });
    const path = `/incidents/${json.id}`;
    expect(json.nextPhases).toEqual(["triage"]);
    const unassigned = await operate(`${path}/move`, { phase: "triage" });
    expect(unassigned).toMatchObject({ status: 409, json: { code: "CONFLICT" } });
    const { json: assigned } = await operate(`${path}/assign`, { email: firstOperator });
    expect((await operate(`${path}/move`, { phase: "closed" })).status).toBe(409);
    for (const phase of ["triage", "investigation", "remediation", "communication", "closed"]) {
      const moved = await operate(`${path}/move`, { phase });
      expect(moved.status, moved.text).toBe(200);
    }
    await operate(`${path}/notes`, { note: "done" });
    const { json: incident } = await operate(path);
    expect(incident.steps.map(({ phase }: { phase: string }) => phase)).toEqual([
      ...["detection", "detection", "triage", "investigation", "remediation"],
      ...["communication", "closed", "closed"],
    ]);
    expect(incident.steps.at(-1)).toMatchObject({ by: assigned.assignee, note: "done" });
    const left = incident.notifySecondsLeft;
    expect(left).toBeLessThanOrEqual((72 * hourMs) / 1_000);
    expect(left).toBeGreaterThan((71 * hourMs) / 1_000);
    const rows = (await auditOf("user_operators")).filter(({ subject }) => subject === json.id);
    expect(rows).toHaveLength(incident.steps.length);
    const [own] = await incidentsOf(owner);
    expect(own).toMatchObject({ id: json.id, phase: "closed", source: "reported" });
    // Operators' words are theirs.
    expect(JSON.stringify(own)).not.toMatch(/leak|repository/);
    const listed = await operate("/incidents?limit=100&phase=closed");
    expect(listed.json.data.map(({ id }: { id: string }) => id)).toContain(json.id);
  });
});

describe("INC-4 containment in one call", () => {
  let owner: TestOwner;
  let incidentId: string;
  const contain = async (body: object) => await operate(`/incidents/${incidentId}/contain`, body);
  const release = async (id: string) => await operate(`/containments/${id}/release`);
  const listAgents = async (key: string) => (await send("/v1/agents", { key })).status;
  const freeze = async (id: string) =>
    (await firestore().doc(`evidenceFreezes/${id}`).get()).get("incidents") ?? {};

  beforeAll(async () => {
    owner = await newOwner();
    incidentId = await openFor([owner.id]);
  });

  test("stops a key and what it runs, leaves other keys, and can be undone", async () => {
    const thief = await anotherKey(owner);
    const threadId = await newThread(thief.key);
    const { executionId } = await startExecution(thief, threadId, "sleep 60");
    await untilRunning(owner, executionId);
    const daily = { name: "report", task: "true", cronExpression: "0 9 1 1 *" };
    const { schedule } = (await send("/v1/schedules", { key: thief.key, body: daily })).json;
    const contained = await contain({ target: "key", keyId: thief.keyId });
    expect(contained.status, contained.text).toBe(201);
    expect(contained.json).toMatchObject({ isDone: true, executionIds: [executionId] });
    const refused = await send("/v1/agents", { key: thief.key });
    expect(refused).toMatchObject({ status: 401 });
    expect(refused.json.message).toMatch(/held in an incident/);
    expect(await listAgents(owner.key)).toBe(200);
    expect((await contain({ target: "key", keyId: thief.keyId })).status).toBe(409);
    expect(await freeze(owner.id)).toEqual({ [incidentId]: expect.any(Number) });
    const held = await operate(`/incidents/${incidentId}/move`, { phase: "investigation" });
    expect(held.status).toBe(200);
    expect((await release(contained.json.id)).status).toBe(200);
    await until("the key is good again", async () => (await listAgents(thief.key)) === 200);
    // What acts with it waits meanwhile, and goes on.
    const waited = (await send(`/v1/schedules/${schedule.id}`, { key: thief.key })).json.schedule;
    expect(waited).toMatchObject({ enabled: true, pausedReason: null });
    expect((await release(contained.json.id)).status).toBe(409);
    const rows = (await auditOf(owner.id)).filter(({ subject }) => subject === thief.keyId);
    const actions = rows.map(({ action }) => action).filter((action) => /contain/.test(action));
    expect(actions).toEqual(["containment.started", "containment.released"]);
  });

  test("stops the keys that a key was rotated to, which the answer names", async () => {
    const thief = await anotherKey(owner);
    const rotate = async (key: string, keyId: string) =>
      await send(`/v1/keys/${keyId}/rotate`, { key, body: { gracePeriodHours: 1 } });
    const { json: second } = await rotate(thief.key, thief.keyId);
    const { json: third } = await rotate(second.key, second.id);
    expect(await listAgents(third.key)).toBe(200);
    const contained = await contain({ target: "key", keyId: thief.keyId });
    expect(new Set(contained.json.keyIds)).toEqual(new Set([thief.keyId, second.id, third.id]));
    for (const { key } of [thief, second, third]) expect(await listAgents(key)).toBe(401);
    expect((await contain({ target: "key", keyId: third.id })).status).toBe(409);
    // A key that isn't held can't free one that is.
    expect((await rotate(owner.key, third.id)).status).toBe(409);
    expect((await release(contained.json.id)).status).toBe(200);
    await until("the last key is good again", async () => (await listAgents(third.key)) === 200);
  });

  test("stops an environment, in which nothing starts until it is released", async () => {
    const environmentId = await newEnvironment(owner.key);
    const [held, free] = [
      await newThread(owner.key, { environmentId }),
      await newThread(owner.key, { environmentId: await newEnvironment(owner.key) }),
    ];
    const target = { target: "environment", userId: owner.id, environmentId };
    const contained = await contain(target);
    expect(contained.status, contained.text).toBe(201);
    const start = async (threadId: string) =>
      await send(`/v1/threads/${threadId}/messages`, { key: owner.key, body: { content: "true" } });
    expect(await start(held)).toMatchObject({ status: 403, json: { code: "FORBIDDEN" } });
    expect((await start(free)).status).toBe(200);
    expect((await release(contained.json.id)).status).toBe(200);
    expect((await start(held)).status).toBe(200);
  });

  test("stops an account with all its keys, and evidence thaws when the incident is closed", async () => {
    const contained = await contain({ target: "owner", userId: owner.id });
    expect(contained.status, contained.text).toBe(201);
    expect(await listAgents(owner.key)).toBe(401);
    const move = async (phase: string) => await operate(`/incidents/${incidentId}/move`, { phase });
    for (const phase of ["remediation", "communication"])
      expect((await move(phase)).status).toBe(200);
    expect((await move("closed")).json.message).toMatch(/Release/);
    expect((await release(contained.json.id)).status).toBe(200);
    expect(await listAgents(owner.key)).toBe(200);
    expect((await move("closed")).status).toBe(200);
    expect(await freeze(owner.id)).toEqual({});
    expect((await contain({ target: "owner", userId: owner.id })).status).toBe(409);
    expect((await move("triage")).status).toBe(200);
    expect(Object.keys(await freeze(owner.id)), "reopened, it needs its evidence").toEqual([
      incidentId,
    ]);
  });

  test("is refused of what there isn't, and of misspelt targets", async () => {
    const none = `user_${"0".repeat(21)}`;
    incidentId = await openFor([]);
    expect((await contain({ target: "owner", userId: none })).status).toBe(404);
    expect((await contain({ target: "owner", userID: owner.id })).status).toBe(400);
    expect((await contain({ target: "everything" })).status).toBe(400);
  });
});
