/** Every route, tried with a valid key of another owner, or with one that lacks the right. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Scope } from "#shared/core/keys/scopes";
import { send } from "../kit/client.ts";
import { endOf } from "../kit/orchestrations.ts";
import {
  asOperator,
  newEnvironment,
  newOwner,
  newThread,
  runScript,
  type TestOwner,
} from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";
import { ask, expectRefusal, expectSameAnswer } from "./support/refusals.ts";
import { bodyFor, type Ids, idFieldsOf, nobodys } from "./support/samples.ts";
import { untilUseIsNoted } from "./support/stranger-keys.ts";
import { keyRoutes } from "./support/table.ts";

let victim: TestOwner;
let stranger: TestOwner;
let victims: Ids;

beforeAll(async () => {
  [victim, stranger] = [await newOwner(), await newOwner()];
  const { key } = victim;
  const env = await newEnvironment(key);
  const thread = await newThread(key, { environmentId: env });
  const agent = (await send("/v1/agents", { key, body: { name: "a", model: "shell" } })).json.agent;
  const skill = (await send("/v1/skills", { key, body: { name: "a" } })).json.skill;
  const { run } = await runScript(key, thread, "echo done > a.txt");
  const secret = { key: "NAME", value: "a long value" };
  await send(`/v1/environments/${env}/secrets`, { key, body: secret });
  const at = `/v1/environments/${env}/snapshots/initialize`;
  const snap = (await send(at, { key, method: "POST" })).json.snapshot.id;
  const [msg = ""] = await idsIn(`owners/${victim.id}/threads/${thread}/messages`);
  const [rec = ""] = await idsIn(`owners/${victim.id}/ledger`);
  const [aud = ""] = await idsIn(`owners/${victim.id}/audit`);
  const exp = (await send("/v1/account/export", { key, method: "POST" })).json.export.id;
  const reported = { title: "a leak", userIds: [victim.id] };
  const inc = (await asOperator("/v1/admin/incidents", reported)).json.id;
  const daily = { name: "a", task: "true", cronExpression: "0 9 1 1 *", environmentId: env };
  const sched = (await send("/v1/schedules", { key, body: daily })).json.schedule.id;
  const action = { type: "send_message", prompt: "true" };
  const hook = { name: "a", source: "webhook", event: "a", environmentId: env, action };
  const trig = (await send("/v1/triggers", { key, body: hook })).json.trigger.id;
  const file = { path: "a.bin", size: 1 };
  const upl = (await send(`/v1/environments/${env}/uploads`, { key, body: file })).json.upload.id;
  const steps = [{ name: "a", agentId: agent.id, instructions: "true" }];
  const work = { name: "a", environmentId: env, strategy: "parallel", steps };
  const orch = (await send("/v1/orchestrations", { key, body: work })).json.orchestration.id;
  const runs = `/v1/orchestrations/${orch}/runs`;
  const started = (await send(runs, { key, method: "POST" })).json.run;
  const orun = (await endOf(key, started)).id;
  const { id: user, keyId } = victim;
  victims = {
    env,
    thread,
    agent: agent.id,
    skill: skill.id,
    run: run.id,
    key: keyId,
    user,
    msg,
    snap,
    chg: snap.replace("snap", "chg"),
    rec,
    aud,
    exp,
    inc,
    sched,
    trig,
    upl,
    orch,
    orun,
  };
});

async function idsIn(collection: string): Promise<readonly string[]> {
  return (await firestore().collection(collection).limit(1).get()).docs.map(({ id }) => id);
}

/** Every document of an owner, with the time of its last write. */
/** What the scheduler's sweeps write for every owner at any time. */
const sweptPath = /\/account\/ledger-check$/;

async function documentsOf(owner: TestOwner): Promise<Readonly<Record<string, unknown>>> {
  const found: Record<string, unknown> = {};
  const rest = [firestore().doc(`owners/${owner.id}`)];
  for (let next = rest.pop(); next; next = rest.pop()) {
    if (sweptPath.test(next.path)) continue;
    const document = await next.get();
    found[next.path] = [document.updateTime?.toMillis(), document.data()];
    for (const collection of await next.listCollections()) {
      rest.push(...(await collection.listDocuments()));
    }
  }
  const keys = await firestore().collection("apiKeys").where("ownerId", "==", owner.id).get();
  for (const document of keys.docs) found[document.ref.path] = document.data();
  return found;
}

describe("OWN-1 another owner's id", () => {
  let before: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    await untilUseIsNoted(victim);
    before = await documentsOf(victim);
  });

  const inPath = keyRoutes.filter(({ path }) => path.includes(":"));
  test.each(sharedOut(inPath, 2))(
    "in the path of $title is like one that never was",
    async (route) => {
      const { key } = stranger;
      const foreign = await ask(route, { key }, { ...victims });
      expectRefusal(foreign, 404, "NOT_FOUND");
      expectSameAnswer(foreign, await ask(route, { key }, nobodys));
    },
  );

  const inFields = keyRoutes.flatMap((route) =>
    idFieldsOf(route).map((field) => ({ ...field, route, title: route.title })),
  );
  test.each(sharedOut(inFields, 2))("in the $where of $title, as $field, too", async (tried) => {
    const { route, where, field, prefix, valueFor } = tried;
    // Everything else belongs to the stranger, so only this id is at fault.
    const own = await strangersOwn();
    const withId = async (id = "") => {
      const key = stranger.key;
      if (where === "body") {
        return await ask(
          route,
          { key, body: { ...bodyFor(route, own), [field]: valueFor(id) } },
          own,
        );
      }
      return await ask(route, { key }, own, `?${field}=${id}`);
    };
    const foreign = await withId(victims[prefix]);
    expectRefusal(foreign, 404, "NOT_FOUND");
    expectSameAnswer(foreign, await withId(nobodys[prefix]));
  });

  test("has changed nothing that is the other owner's", async () => {
    expect(await documentsOf(victim)).toEqual(before);
  });
});

let own: Promise<Ids> | undefined;

/** The stranger's own things, made once. */
async function strangersOwn(): Promise<Ids> {
  own ??= (async () => {
    const { key, keyId: id, id: user } = stranger;
    const env = await newEnvironment(key);
    const thread = await newThread(key, { environmentId: env });
    const made = await send("/v1/agents", { key, body: { name: "a", model: "shell" } });
    return { ...nobodys, env, thread, agent: made.json.agent.id, key: id, user };
  })();
  return await own;
}

describe("OWN-2 a key without a route's scope", () => {
  const narrow = new Map<Scope, string>();

  beforeAll(async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    for (const scope of ["agents:read", "billing:read"] as const) {
      const made = await send("/v1/keys", { key, body: { name: "narrow", scopes: [scope] } });
      narrow.set(scope, made.json.key);
    }
  });

  const scoped = keyRoutes.filter(({ route }) => route.scope !== "none");
  test.each(sharedOut(scoped, 2))("$title is 403 and names $route.scope", async (route) => {
    const { scope } = route.route;
    const other = scope === "agents:read" ? "billing:read" : "agents:read";
    const answer = await ask(route, { key: narrow.get(other) ?? null });
    expectRefusal(answer, 403, "FORBIDDEN");
    expect(answer.json.details).toEqual({ requiredScope: scope });
  });

  test("no route that takes a key goes without a scope", () => {
    const open = keyRoutes.filter(({ route }) => route.scope === "none");
    expect(open.map(({ title }) => title)).toEqual([]);
  });
});
