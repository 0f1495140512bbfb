/** Answers agree with each other, and name the fields that had no effect. */
import { beforeAll, describe, expect, test } from "vitest";
import { eventsOf, send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";

let owner: TestOwner;
let environmentId: string;
beforeAll(async () => {
  owner = await newOwner();
  environmentId = await newEnvironment(owner.key, { name: "the place" });
});

const call = async (path: string, body?: unknown, method?: string) =>
  await send(path, { key: owner.key, ...(body ? { body } : {}), ...(method ? { method } : {}) });
const post = async (threadId: string, body: object, headers = {}) =>
  await send(`/v1/threads/${threadId}/messages`, { key: owner.key, body, headers });
/** 200 units, the last of which would be half of a character. */
const long = `echo ${"x".repeat(194)}😀😀`;

describe("an execution that fails", () => {
  test("is reported in the same way by its stream, thread, agent and environment", async () => {
    const agent = { name: "a helper", model: "shell" };
    const { id: agentId } = (await call("/v1/agents", agent)).json.agent;
    const made = (await call("/v1/threads", { environmentId, agentId })).json.thread;
    expect(made).toMatchObject({ environmentName: "the place", agentName: "a helper" });
    let seen: Promise<string> | undefined;
    const onText = () => {
      seen ??= call(`/v1/environments/${environmentId}`).then(
        ({ json }) => json.environment.status,
      );
    };
    const body = { runId: "mine", enabledSkills: ["x"], agentConfig: { instructions: "be nice" } };
    const ran = await runScript(owner.key, made.id, "exit 3", { body, onText });
    expect(await seen).toBe("running");
    const warnings = String(ran.answer.headers["x-paddock-warnings"]);
    for (const name of ["runId", "enabledSkills", "agentConfig.instructions"]) {
      expect(warnings).toContain(`${name} is ignored`);
    }
    const of = (type: string) => ran.events.filter((event) => event.type === type);
    const ids = of("response.item.completed").flatMap(({ item }) => item.id ?? []);
    expect(ids).toEqual(["shell_1"]);
    expect(of("response.item.started").map(({ item }) => item.id)).toEqual(["shell_1"]);
    const { messages, agentName } = (await call(`/v1/threads/${made.id}`)).json.thread;
    expect(messages.at(-1).content).toBe(ran.content);
    expect(ran.content).toBe("The command ended with an exit code other than 0.");
    expect(agentName).toBe("a helper");
    const { lastRunAt } = (await call(`/v1/agents/${agentId}`)).json.agent;
    expect(Date.parse(lastRunAt)).toBeGreaterThan(Date.parse(made.createdAt) - 1);
    expect((await call(`/v1/environments/${environmentId}`)).json.environment.status).toBe(
      "stopped",
    );
  });

  test("names the setup script that failed; a preview isn't cut inside a character", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const answer = await post(threadId, { content: long, setupScripts: ["exit 7"] });
    const error = eventsOf(answer.text).find(({ type }) => type === "stream.error");
    expect(error.message).toBe("Setup script 1 failed (exit code 7); the task was not started.");
    expect(
      (await call(`/v1/executions/${eventsOf(answer.text).at(-1)?.run.id}`)).json,
    ).toMatchObject({
      execution: { detail: error.message },
    });
  });
});

describe("a message", () => {
  test.each([
    ["attachments", [{ id: "a" }]],
    ["githubRepo", { repoFullName: "a/b" }],
  ])("that asks for %s is refused by that name", async (field, value) => {
    const threadId = await newThread(owner.key, { environmentId });
    const refused = await post(threadId, { content: "true", [field]: value });
    expect(refused).toMatchObject({ status: 400, json: { code: "VALIDATION_FAILED" } });
    expect(refused.json.details.map((detail: { field: string }) => detail.field)).toEqual([field]);
    expect(refused.json.message).toMatch(/^The field .* isn't supported: .*\.$/);
  });

  test("repeated with its fields in another order is the same one, and with others isn't", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const headers = { "idempotency-key": `order-${threadId}` };
    const secrets = [
      { key: "S", value: "12345678" },
      { key: "T", value: "87654321" },
    ];
    const body = { content: "true", envVars: { A: "1", B: "2" }, secrets };
    const first = await post(threadId, body, headers);
    const reordered = { secrets: secrets.toReversed(), envVars: { B: "2", A: "1" }, task: "true" };
    expect((await post(threadId, reordered, headers)).text).toBe(first.text);
    const other = await post(threadId, { ...body, envVars: { A: "1", B: "3" } }, headers);
    expect(other).toMatchObject({ status: 409, json: { code: "IDEMPOTENCY_CONFLICT" } });
  });

  test("to a thread whose environment is deleted says that this is what is missing", async () => {
    const gone = await newEnvironment(owner.key);
    const threadId = await newThread(owner.key, { environmentId: gone });
    expect((await call(`/v1/environments/${gone}`, undefined, "DELETE")).status).toBe(200);
    const refused = await post(threadId, { content: "true" });
    expect(refused.status).toBe(404);
    expect(refused.json.message).toContain("environment was deleted");
    expect((await call(`/v1/threads/${threadId}`)).json.thread.environmentName).toBeNull();
  });
});

describe("an environment", () => {
  test("whose parts have to be built says so, and names what can't be", async () => {
    const fields = {
      runtimes: ["python"],
      packages: { node: ["zx"] },
      dockerfileExtensions: "RUN x",
    };
    const { environment, warnings } = (await call("/v1/environments", { name: "a", ...fields }))
      .json;
    expect(warnings.map((text: string) => text.split(" ")[0])).toEqual(Object.keys(fields));
    expect(environment).toMatchObject({ buildStatus: "pending", runtimes: { python: "latest" } });
    const ruby = await call("/v1/environments", { name: "b", runtimes: { ruby: "3" } });
    expect(ruby.json.environment).toMatchObject({ buildStatus: "failed" });
    expect(ruby.json.environment.buildError).toContain("There is no ruby 3 here");
  });

  test("has the profile that its screen needs, and loses it with the screen", async () => {
    const made = await call("/v1/environments", { name: "a", guiEnabled: true });
    const { id, computeProfile } = made.json.environment;
    expect(computeProfile).toBe("desktop");
    const off = await call(`/v1/environments/${id}`, { guiEnabled: false }, "PATCH");
    expect(off.json.environment).toMatchObject({ computeProfile: "standard" });
    const both = { guiEnabled: false, computeProfile: "desktop" };
    const refused = await call(`/v1/environments/${id}`, both, "PATCH");
    expect(refused).toMatchObject({ status: 400, json: { details: [{ field: "guiEnabled" }] } });
  });

  test("is listed by whether it is active, and by nothing else", async () => {
    const counted = async (isActive: string) => await call(`/v1/environments?isActive=${isActive}`);
    expect((await counted("true")).json.total_count).toBeGreaterThan(0);
    expect((await counted("false")).json).toMatchObject({ data: [], total_count: 0 });
    expect((await counted("maybe")).status).toBe(400);
  });
});

describe("what else is asked", () => {
  test("is answered in the published form, or refused in plain words", async () => {
    const { checks } = (await call("/v1/health")).json;
    expect(checks).toEqual({
      gcsfuseMount: false,
      anthropicApiKey: false,
      memory: {
        used: expect.any(String),
        total: expect.any(String),
        percentage: expect.any(String),
      },
      disk: {
        used: expect.any(String),
        available: expect.any(String),
        percentage: expect.stringMatching(/^\d+%$/),
      },
    });
    const { models } = (await call("/v1/agents/models")).json;
    expect(models.map(({ id }: { id: string }) => id)).toContain("shell");
    const wrong = await call("/v1/agents", undefined, "DELETE");
    expect(wrong.json).toMatchObject({
      code: "METHOD_NOT_ALLOWED",
      details: { allowed: ["GET", "HEAD", "POST"] },
    });
    const tiny = await call("/v1/budget/limits", { dailyLimit: 1e-7 }, "PUT");
    expect(tiny).toMatchObject({ status: 400, json: { code: "VALIDATION_FAILED" } });
    const headers = { "idempotency-key": "once" };
    for (const [path, body] of [
      ["/v1/agents", { name: "a", model: "shell" }],
      [`/v1/environments/${environmentId}/secrets`, { key: "A", value: "12345678" }],
    ] as const) {
      const refused = await send(path, { key: owner.key, body, headers });
      expect(refused.json, path).toMatchObject({ details: [{ field: "Idempotency-Key" }] });
    }
  });
});
