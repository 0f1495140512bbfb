/** What a key with few scopes, or for one environment, gets of threads and makes others run. */
import pMap from "p-map";
import { beforeAll, describe, expect, test } from "vitest";
import { type Scope, scopes } from "#shared/core/keys/scopes";
import { send } from "../kit/client.ts";
import { endOf, newOrchestration, startRun } from "../kit/orchestrations.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { auditOf } from "../kit/store.ts";
import { ask, expectRefusal } from "./support/refusals.ts";
import { type Ids, nobodys } from "./support/samples.ts";
import { keyRoutes, type TableRoute } from "./support/table.ts";

let owner: TestOwner;
let ids: Ids;
/** Everything but what threads say. */
let blind: string;

async function keyWith(bounds: { scopes?: readonly Scope[]; environmentIds?: readonly string[] }) {
  const made = await send("/v1/keys", { key: owner.key, body: { name: "narrow", ...bounds } });
  expect(made.status, made.text).toBe(201);
  return made.json.key as string;
}

/** Parts are joined by the scripts, so that what was sent and what was printed differ. */
const marks = /MARK(?:TITLE|NOTE|SENT|PRINTED|STEP)/g;

beforeAll(async () => {
  owner = await newOwner();
  const { key } = owner;
  const env = await newEnvironment(key);
  await send(`/v1/environments/${env}/snapshots/initialize`, { key, method: "POST" });
  const thread = await newThread(key, {
    environmentId: env,
    title: "MARKTITLE",
    metadata: { note: "MARKNOTE" },
  });
  const script = "echo MARK''PRINTED; echo MARK''PRINTED >&2; echo a > a.txt # MARKSENT";
  const { run } = await runScript(key, thread, script);
  const failing = await newThread(key, { environmentId: env, title: "MARKTITLE" });
  await runScript(key, failing, "echo MARK''PRINTED; exit 3");
  const steps = [{ name: "one", instructions: "echo MARK''STEP" }];
  const orchestration = await newOrchestration(key, { steps });
  const ended = await endOf(key, await startRun(key, orchestration.id));
  expect(ended.stepResults[0].output).toBe("MARKSTEP\n");
  const rows = await auditOf(owner.id);
  const aud = rows.find(({ subject }) => subject === run.id)?.id;
  const { agentId: agent, id: orch } = orchestration;
  const daily = { name: "a", task: "true", cronExpression: "0 9 1 1 *", environmentId: env };
  const sched = (await send("/v1/schedules", { key, body: daily })).json.schedule.id;
  const skill = (await send("/v1/skills", { key, body: { name: "a" } })).json.skill.id;
  const own = { env, thread, run: run.id, agent, orch, orun: ended.id, sched, skill };
  ids = { ...nobodys, ...own, aud: String(aud), user: owner.id, key: owner.keyId };
  blind = await keyWith({ scopes: scopes.filter((one) => one !== "*" && one !== "threads:read") });
});

describe("OWN-4 a key without threads:read", () => {
  const reads = keyRoutes.filter(({ method }) => method === "GET");
  test("is shown nothing that was said in threads, whatever it reads", async () => {
    const found: string[] = [];
    let answered = 0;
    const look = async (route: TableRoute) => {
      const { status, text } = await ask(route, { key: blind }, ids);
      if (status < 300) answered += 1;
      for (const mark of new Set(text.match(marks))) found.push(`${route.title}: ${mark}`);
    };
    await pMap(reads, look, { concurrency: 4 });
    expect(found).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    // The marks are there for a key that may read threads.
    const seen = await Promise.all(
      [`/v1/threads/${ids.thread}`, "/v1/costs/threads", `/v1/orchestrations/${ids.orch}/runs`].map(
        async (path) => (await send(path, { key: owner.key })).text.match(marks)?.length,
      ),
    );
    expect(seen.every((count) => count !== undefined && count > 0)).toBe(true);
  });

  test("gets ids and sums of a thread that it changes, copies or titles", async () => {
    const at = `/v1/threads/${ids.thread}`;
    const asked = [
      ["PATCH", at, {}],
      ["POST", `${at}/copy`, {}],
      ["POST", `${at}/fork-from-message`, { truncateAtMessageIndex: 0 }],
      ["POST", `${at}/generate-title`, { message: "else" }],
      ["POST", `${at}/resume`, undefined],
    ] as const;
    for (const [method, path, body] of asked) {
      const answer = await send(path, { key: blind, method, ...(body ? { body } : {}) });
      expect([200, 201], answer.text).toContain(answer.status);
      expect(answer.text.match(marks), path).toBeNull();
      expect(answer.json.thread).toMatchObject({ title: null, lastMessagePreview: null });
    }
  });

  test("opens an audit row's details without the task", async () => {
    const path = `/v1/audit/${ids.aud}/details`;
    expect((await send(path, { key: owner.key })).json.details.task).toContain("MARKSENT");
    const { details } = (await send(path, { key: blind })).json;
    expect(details).toMatchObject({ address: expect.any(String) });
    expect(Object.keys(details)).not.toContain("task");
    expect(Object.keys(details)).not.toContain("taskSalt");
  });

  test("can't have all of the account exported", async () => {
    const refused = await send("/v1/account/export", { key: blind, method: "POST" });
    expectRefusal(refused, 403, "FORBIDDEN");
    expect(refused.json.details).toEqual({ requiredScope: "threads:read" });
  });
});

describe("OWN-4 a key that may start nothing", () => {
  test("changes nothing that another key's start will run or obey", async () => {
    const weak = await keyWith({
      scopes: ["agents:write", "environments:write", "schedules:write", "threads:write"],
    });
    const steps = [{ name: "one", agentId: ids.agent, instructions: "echo bad" }];
    const environment = `/v1/environments/${ids.env}`;
    const asked = [
      [
        "POST",
        "/v1/orchestrations",
        { name: "a", environmentId: ids.env, strategy: "parallel", steps },
      ],
      ["PATCH", `/v1/orchestrations/${ids.orch}`, { steps }],
      ["PATCH", `/v1/orchestrations/${ids.orch}`, { steps, status: "archived" }],
      ["PATCH", `/v1/schedules/${ids.sched}`, { task: "echo bad" }],
      ["PATCH", `/v1/schedules/${ids.sched}`, { task: "echo bad", enabled: false }],
      ["POST", "/v1/agents", { name: "a", model: "shell" }],
      ["PATCH", `/v1/agents/${ids.agent}`, { instructions: "be bad" }],
      ["POST", "/v1/skills", { name: "a", markdown: "be bad" }],
      ["PATCH", `/v1/skills/${ids.skill}`, { markdown: "be bad" }],
      ["POST", "/v1/environments", { name: "a", setupScripts: ["echo bad"] }],
      ["PATCH", environment, { setupScripts: ["echo bad"] }],
      ["PATCH", environment, { environmentVariables: [{ key: "BASH_ENV", value: "bad" }] }],
      ["PUT", environment, { name: "a", documentation: ["be bad"] }],
      ["PUT", `${environment}/config`, { config: "be bad" }],
      ["PUT", `${environment}/dockerfile`, { dockerfileExtensions: "RUN bad" }],
      ["POST", `${environment}/packages`, { type: "python", packages: ["bad"] }],
      ["PUT", `${environment}/runtimes`, { runtimes: { python: "3.12" } }],
      ["PATCH", `/v1/threads/${ids.thread}`, { agentId: ids.agent }],
    ] as const;
    for (const [method, path, body] of asked) {
      const answer = await send(path, { key: weak, method, body });
      expectRefusal(answer, 403, "FORBIDDEN");
      expect(answer.json.details, `${method} ${path}`).toEqual({ requiredScope: "execute" });
    }
    const harmless = [
      [`/v1/orchestrations/${ids.orch}`, { name: "renamed" }],
      [`/v1/schedules/${ids.sched}`, { enabled: false }],
      [environment, { name: "renamed", setupScripts: [] }],
      [`/v1/threads/${ids.thread}`, { agentId: null }],
    ] as const;
    for (const [path, body] of harmless) {
      const answer = await send(path, { key: weak, method: "PATCH", body });
      expect(answer.status, answer.text).toBe(200);
    }
  });
});

describe("KEY-4 a key that is limited to environments", () => {
  test("writes no agents or skills, which executions in all environments obey", async () => {
    const environmentIds = [await newEnvironment(owner.key)];
    const bound = await keyWith({ scopes: ["*"], environmentIds });
    const writing = keyRoutes.filter(({ route }) => route.scope === "agents:write");
    expect(writing).toHaveLength(6);
    for (const route of writing) {
      const answer = await ask(route, { key: bound }, ids);
      expectRefusal(answer, 403, "FORBIDDEN");
      expect(answer.json.details, route.title).toEqual({ environmentIds });
    }
    expect((await send(`/v1/agents/${ids.agent}`, { key: bound })).status).toBe(200);
  });
});
