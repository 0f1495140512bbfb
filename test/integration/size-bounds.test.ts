/** Input that is too large or contradictory is refused before it costs anything. */
import { beforeAll, describe, expect, test } from "vitest";
import { accountOf, expectBalanced } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { anotherKey, newEnvironment, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;

beforeAll(async () => {
  owner = await newOwner();
});

const post = async (path: string, body: object) => await send(path, { key: owner.key, body });
const list = async (query: string) => await send(`/v1/environments?${query}`, { key: owner.key });
const scripts = (count: number) => Array.from({ length: count }, () => "#".repeat(40_000));

/** Nearly the largest environment: more than a body holds at once. */
async function largeEnvironment(): Promise<string> {
  const id = await newEnvironment(owner.key, { setupScripts: scripts(6) });
  const environmentVariables = scripts(6).map((value, index) => ({ key: `LONG_${index}`, value }));
  expect((await change(id, { environmentVariables })).status).toBe(200);
  return id;
}

const change = async (id: string, body: object) =>
  await send(`/v1/environments/${id}`, { key: owner.key, method: "PATCH", body });

describe("BUD-6 TEN-2 what could begin and never be ended", () => {
  test("is refused before money is held: an environment's scripts with a message's", async () => {
    const threadId = await newThread(owner.key, { environmentId: await largeEnvironment() });
    const sent = { content: "true", setupScripts: scripts(5) };
    const refused = await post(`/v1/threads/${threadId}/messages`, sent);
    expect(refused.status).toBe(413);
    expect(refused.json.message).toContain("an execution takes at most");
    expect((await accountOf(owner)).holds).toEqual({});
    await expectBalanced(owner);
  });

  test("is refused before money is held: more variables than programs start with", async () => {
    const value = "x".repeat(60_000);
    const environmentVariables = ["A", "B", "C", "D"].map((key) => ({ key, value }));
    const environmentId = await newEnvironment(owner.key, { environmentVariables });
    const path = `/v1/threads/${await newThread(owner.key, { environmentId })}/messages`;
    const manySmall = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${10_000 + index}`, ""]));
    const refused = await post(path, { content: "true", envVars: manySmall(19_000) });
    expect(refused.status).toBe(413);
    expect(refused.json.message).toContain("programs start with at most 524288");
    const fitting = { content: "env | wc -l", envVars: manySmall(15_000), stream: false };
    expect((await post(path, fitting)).text).toMatch(/150\d\d/);
    expect((await accountOf(owner)).holds).toEqual({});
    await expectBalanced(owner);
  });

  test("is refused where it is made: an environment that leaves an execution no room", async () => {
    const refused = await change(await largeEnvironment(), { dockerfileExtensions: scripts(1)[0] });
    expect(refused.status).toBe(413);
    expect(refused.json.message).toContain("it may be at most");
  });
});

describe("TEN-2 a page", () => {
  test("that would be larger than it may be is refused, naming a limit that fits", async () => {
    const places = firestore().collection(`owners/${owner.id}/environments`);
    const template = (await places.doc(await newEnvironment(owner.key)).get()).data();
    // Their JSON is six times as long as their stored form.
    const setupScripts = scripts(6).map((script) => script.replaceAll("#", "\u0001"));
    for (let made = 0; made < 7; made += 1) {
      const fields = { id: `env_${made}`, updatedAt: made, setupScripts };
      await places.doc(fields.id).create({ ...template, ...fields });
    }
    const refused = await list("limit=100");
    expect(refused.status).toBe(400);
    const [{ field, message }] = refused.json.details;
    expect(field).toBe("limit");
    const fitting = Number(/at most (\d+) here/.exec(message)?.[1]);
    const fits = await list(`limit=${fitting}`);
    expect(fits.status).toBe(200);
    expect(fits.json.has_more).toBe(true);
    expect(fits.json.data).toHaveLength(fitting);
    expect((await list(`limit=${fitting + 1}`)).status).toBe(400);
  });
});

describe("TEN-2 a thread's metadata", () => {
  const note = (length: number) => ({ metadata: { note: "x".repeat(length) } });

  test("is small, so that a page of threads is one query: more is refused", async () => {
    const refused = await post("/v1/threads", note(16_500));
    expect(refused.status).toBe(400);
    const message = "must be at most 16384 bytes as JSON";
    expect(refused.json.details).toEqual([{ field: "metadata", message }]);
    const id = await newThread(owner.key);
    const request = { key: owner.key, method: "PATCH", body: note(16_500) };
    expect((await send(`/v1/threads/${id}`, request)).status).toBe(400);
    const fits = { ...request, body: note(16_000) };
    expect((await send(`/v1/threads/${id}`, fits)).status).toBe(200);
  });

  test("that an earlier release stored is still listed, changed and copied", async () => {
    const { id: ownerId, key } = await newOwner();
    const id = await newThread(key);
    const { metadata } = note(900_000);
    const place = firestore().doc(`owners/${ownerId}/threads/${id}`);
    await place.update({ metadataJson: JSON.stringify(metadata) });
    await newThread(key);
    const listed = (await send("/v1/threads", { key })).json;
    expect(listed).toMatchObject({ total_count: 2, has_more: false });
    expect(listed.data[1]).toMatchObject({ id, metadata });
    const body = { title: "larger than one may be now" };
    const changed = await send(`/v1/threads/${id}`, { key, method: "PATCH", body });
    expect(changed.json.thread).toMatchObject({ ...body, metadata });
    expect((await send(`/v1/threads/${id}/copy`, { key, body: {} })).status).toBe(200);
  });
});

describe("TEN-2 a body", () => {
  test("of many small values is refused before its elements are checked", async () => {
    const refused = await post("/v1/environments", {
      name: "n",
      runtimes: Array(25_000).fill("go"),
    });
    expect(refused.status).toBe(413);
    expect(refused.json.message).toBe("The body's JSON holds more than 20000 values: send fewer.");
  });
});

describe("TEN-2 what each instance reads of a key", () => {
  test("is small: metadata of more than 16 KiB are refused", async () => {
    const metadata = { note: "x".repeat(16_500) };
    const refused = await post("/v1/keys", { name: "large", metadata });
    expect(refused.status).toBe(400);
    expect(refused.json.details[0].field).toBe("metadata");
    const changed = { key: owner.key, method: "PATCH", body: { metadata } };
    expect((await send(`/v1/keys/${owner.keyId}`, changed)).status).toBe(400);
  });
});

describe("a field that has two names", () => {
  const refusedField = async (answer: Awaited<ReturnType<typeof send>>) => {
    expect(answer.status).toBe(400);
    const [{ field, message }] = answer.json.details;
    expect(message).toContain("contradicts it: send one of the two");
    return field;
  };

  test("is refused if they disagree: none of the two is dropped", async () => {
    const threadId = await newThread(owner.key);
    const twice = { content: "true", task: "false" };
    expect(await refusedField(await post(`/v1/threads/${threadId}/messages`, twice))).toBe("task");
    const places = { environmentId: "env_a", computerId: "env_b" };
    expect(await refusedField(await post("/v1/threads", places))).toBe("computerId");
    const days = "since=2026-01-01&from=2026-01-02";
    const records = await send(`/v1/billing/records?${days}`, { key: owner.key });
    expect(await refusedField(records)).toBe("from");
    const ends = "until=2026-01-02&to=2026-01-01";
    const transactions = await send(`/v1/billing/records?${ends}`, { key: owner.key });
    expect(await refusedField(transactions)).toBe("to");
  });

  test("is taken if they agree", async () => {
    const environmentId = await newEnvironment(owner.key);
    const same = { environmentId, computerId: environmentId };
    expect((await post("/v1/threads", same)).status).toBe(201);
    const days = "since=2026-01-01&from=2026-01-01T00:00:00Z";
    expect((await send(`/v1/billing/records?${days}`, { key: owner.key })).status).toBe(200);
  });
});

describe("KEY-10 TEN-2 an account that remembers a thousand closed keys", () => {
  test.runIf(isTurn(0, 3))("gets no key more, and closes those it has", async () => {
    const full = await newOwner();
    const closed = Array.from({ length: 1_000 }, (_, index) => [`key_${index}`, Date.now()]);
    const place = firestore().doc(`owners/${full.id}/account/budget`);
    await place.update({ "admission.closedKeys": Object.fromEntries(closed) });
    const refused = await send("/v1/keys", { key: full.key, body: { name: "one more" } });
    expect(refused.status).toBe(429);
    const path = `/v1/keys/${full.keyId}/revoke`;
    expect((await send(path, { key: full.key, body: {} })).status).toBe(200);
    expect((await send("/v1/agents", { key: full.key })).status).toBe(401);
  });

  test.runIf(isTurn(1, 3))("forgets those closed long ago whenever it gets another", async () => {
    const { id, key } = await newOwner({ creditUsd: 0 });
    const place = firestore().doc(`owners/${id}/account/budget`);
    const longAgo = { "admission.closedKeys": { key_old: Date.now() - 16 * 60_000 } };
    const remembered = async () => Object.keys((await place.get()).get("admission.closedKeys"));
    await place.update(longAgo);
    const made = await send("/v1/keys", { key, body: { name: "another" } });
    expect([made.status, await remembered()]).toEqual([201, []]);
    await place.update(longAgo);
    const rotated = await send(`/v1/keys/${made.json.id}/rotate`, {
      key,
      body: { gracePeriodHours: 0 },
    });
    expect([rotated.status, await remembered()]).toEqual([201, [made.json.id]]);
  });

  test.runIf(isTurn(2, 3))(
    "is told of a key once: closing it again, long afterwards, adds nothing",
    async () => {
      const maker = await newOwner({ creditUsd: 0 });
      const { key } = maker;
      const old = await anotherKey(maker);
      const place = firestore().doc(`owners/${maker.id}/account/budget`);
      const remembered = async () => Object.keys((await place.get()).get("admission.closedKeys"));
      const close = async (method: "POST" | "DELETE", more = "") =>
        (await send(`/v1/keys/${old.keyId}${more}`, { key, method, body: {} })).status;
      expect([await close("POST", "/revoke"), await remembered()]).toEqual([200, [old.keyId]]);
      // A quarter of an hour later the making of any key forgets it: as if that had happened.
      await place.update({ "admission.closedKeys": {} });
      expect(await close("POST", "/revoke")).toBe(200);
      expect(await close("DELETE")).toBe(200);
      expect([await close("DELETE"), await remembered()]).toEqual([404, []]);
      expect((await send("/v1/agents", { key: old.key })).status).toBe(401);
    },
  );
});
