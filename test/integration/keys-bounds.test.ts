/** A key's bounds hold on every route, whatever its scopes allow. */
import { beforeAll, describe, expect, test } from "vitest";
import { multipart, send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";
import { ask, expectRefusal, expectSameAnswer } from "../security/support/refusals.ts";
import { bodyFor, type Ids, idFieldsOf, nobodys } from "../security/support/samples.ts";
import { keyRoutes } from "../security/support/table.ts";

async function limited(owner: TestOwner, bounds: object): Promise<string> {
  const made = await send("/v1/keys", { key: owner.key, body: { name: "limited", ...bounds } });
  expect(made.status).toBe(201);
  return made.json.key;
}

describe("KEY-4 a key that is limited to environments", () => {
  let owner: TestOwner;
  let inside: string;
  let outside: string;
  let key: string;
  /** Things in the other environment. */
  let others: Ids;

  beforeAll(async () => {
    owner = await newOwner({ creditUsd: 1 });
    [inside, outside] = [await newEnvironment(owner.key), await newEnvironment(owner.key)];
    key = await limited(owner, { environmentIds: [inside] });
    const thread = await newThread(owner.key, { environmentId: outside });
    const { run } = await runScript(owner.key, thread, "echo secret > a.txt");
    expect(run.status).toBe("success");
    others = { ...nobodys, env: outside, thread, run: run.id };
    await limited(owner, { environmentIds: [outside] });
  });

  const reaches = (prefix: string) => ["env_", "thread_", "run_"].includes(prefix);
  // Evidence proves rows of the account's trail; forks and the default one are new environments.
  const beyond = (path: string) =>
    /\/evidence$|^\/v1\/environments\/.*\/(?:fork|set-default)$/.test(path);
  const inPath = keyRoutes.filter(
    ({ path }) => /:(?:environment|thread|execution)Id/.test(path) && !beyond(path),
  );
  test.each(sharedOut(inPath, 2))("finds nothing of another at $title", async (route) => {
    const refused = await ask(route, { key }, others);
    expectRefusal(refused, 404, "NOT_FOUND");
    expectSameAnswer(refused, await ask(route, { key }, nobodys));
  });

  const inBody = keyRoutes.flatMap((route) =>
    idFieldsOf(route)
      .filter(({ where, prefix }) => where === "body" && reaches(`${prefix}_`))
      .map((field) => ({ ...field, route, title: route.title })),
  );
  test.each(inBody)("nor in the body of $title, as $field", async ({ route, field, ...tried }) => {
    const id = others[tried.prefix] ?? "";
    const body = { ...bodyFor(route, { ...nobodys, env: inside }), [field]: tried.valueFor(id) };
    const refused = await ask(route, { key, body }, { ...nobodys, env: inside });
    expectRefusal(refused, 404, "NOT_FOUND");
  });

  test("doesn't learn which Idempotency-Keys were used elsewhere", async () => {
    const headers = { "idempotency-key": "used-outside" };
    const wide = { key: owner.key, thread: await newThread(owner.key, { environmentId: outside }) };
    const narrow = { key, thread: await newThread(owner.key, { environmentId: inside }) };
    const runs = await Promise.all(
      [wide, narrow].map((one) => runScript(one.key, one.thread, "true", { headers })),
    );
    expect(runs.map(({ answer }) => answer.status)).toEqual([200, 200]);
    const again = await runScript(key, narrow.thread, "true", { headers });
    expect(again.run.id).toBe(runs[1]?.run.id);
  });

  test("makes none, and isn't given the default one unasked", async () => {
    const made = await send("/v1/environments", { key, body: { name: "mine" } });
    expectRefusal(made, 403, "FORBIDDEN");
    expect(made.json.details).toEqual({ environmentIds: [inside] });
    for (const answer of [
      await send("/v1/environments/default", { key }),
      await send("/v1/threads", { key, body: {} }),
    ]) {
      expectRefusal(answer, 403, "FORBIDDEN");
    }
    const all = await send("/v1/environments", { key: owner.key });
    expect(all.json.total_count).toBe(2);
  });

  test("lists and uses its own as any other key", async () => {
    const listed = await send("/v1/environments", { key });
    expect(listed.json).toMatchObject({ total_count: 1, data: [{ id: inside }] });
    const upload = await send(`/v1/environments/${inside}/files/upload`, {
      key,
      method: "POST",
      ...multipart({ name: "a.txt", bytes: "mine" }),
    });
    expect(upload.status).toBe(200);
    const secret = { key: "TOKEN", value: "a long enough value" };
    const path = `/v1/environments/${inside}/secrets`;
    expect((await send(path, { key, body: secret })).status).toBe(201);
    const threadId = await newThread(key, { environmentId: inside });
    const { content } = await runScript(key, threadId, "cat a.txt");
    expect(content).toContain("mine");
  });

  test.each(
    sharedOut(
      keyRoutes.filter(({ method }) => method === "GET"),
      2,
    ),
  )("isn't told of others by $title", async (route) => {
    const answer = await ask(route, { key }, { ...nobodys, env: inside });
    for (const id of [outside, others.thread, others.run]) {
      expect(answer.text).not.toContain(id);
    }
  });

  const ofAccount = keyRoutes.filter(({ path, title }) => {
    // That one tells the account's id alone.
    if (title === "GET /v1/account") return false;
    return /^\/v1\/(account|audit|incidents|notifications)\b/.test(path) || beyond(path);
  });

  test.each(ofAccount)("can't reach what is the whole account's: $title", async (route) => {
    const answer = await ask(route, { key }, { ...nobodys, env: inside });
    expectRefusal(answer, 403, "FORBIDDEN");
    expect(answer.json.message).toMatch(/limited to environments/);
  });

  test("makes keys for no other", async () => {
    for (const environmentIds of [[outside], [inside, outside]]) {
      const refused = await send("/v1/keys", { key, body: { name: "w", environmentIds } });
      expectRefusal(refused, 404, "NOT_FOUND");
    }
    const wider = await send("/v1/keys", { key, body: { name: "w", environmentIds: null } });
    expectRefusal(wider, 403, "FORBIDDEN");
    const child = await send("/v1/keys", { key, body: { name: "c" } });
    expect(child.json).toMatchObject({ environmentIds: [inside] });
  });
});

describe("KEY-4 a key that is limited to addresses", () => {
  test("is accepted from there alone, whatever the client says of itself", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const key = await limited(owner, { addressRanges: ["127.88.1.0/24"] });
    const from = async (localAddress: string, headers = {}) =>
      await send("/v1/agents", { key, localAddress, headers });
    expect((await from("127.88.1.9")).status).toBe(200);
    const said = { "x-forwarded-for": "127.88.1.9", forwarded: "for=127.88.1.9" };
    for (const answer of [await from("127.88.2.1"), await from("127.88.2.1", said)]) {
      expectRefusal(answer, 403, "FORBIDDEN");
    }
    // A forged address in the header changes nothing.
    expect((await from("127.88.1.9", { "x-forwarded-for": "127.88.2.1" })).status).toBe(200);
    const record = async () => {
      const { data } = (await send("/v1/keys", { key: owner.key })).json;
      return data.find((one: { name: string }) => one.name === "limited");
    };
    const used = await until("the note of a use", async () => {
      const found = await record();
      return found.lastUsedAt && found;
    });
    expect(used.lastUsedIp).toBe("127.88.1.9");
  });

  test.each(["10.0.0.1/8", "localhost", "10.0.0.0/33", ""])(
    "of the form %j is none",
    async (text) => {
      const { key } = await newOwner({ creditUsd: 0 });
      const body = { name: "x", addressRanges: [text] };
      expectRefusal(await send("/v1/keys", { key, body }), 400, "VALIDATION_FAILED");
    },
  );
});
