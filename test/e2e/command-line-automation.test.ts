/** The commands for schedules, triggers and orchestrations, against the cloud's edge. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cloud, until } from "../kit/cloud.ts";
import { newCommandLine } from "../kit/command-line.ts";
import { newAgent } from "../kit/orchestrations.ts";
import { newEnvironment, newOwner, type TestOwner } from "../kit/owners.ts";
import { sweep } from "../kit/sweep.ts";

const { folder, paddock, remove } = newCommandLine();
let owner: TestOwner;
let environmentId: string;
let agentId: string;

/** What a command prints as JSON, once it has succeeded. */
async function json(args: readonly string[], stdin = "") {
  const { code, out, err } = await run([...args, "--json"], stdin);
  expect(code, err).toBe(0);
  return JSON.parse(out);
}

async function run(args: readonly string[], stdin = "") {
  const env = { PADDOCK_API_KEY: owner.key, PADDOCK_API_URL: cloud().baseUrl };
  return await paddock(args, { stdin, env });
}

beforeAll(async () => {
  owner = await newOwner();
  [environmentId, agentId] = await Promise.all([newEnvironment(owner.key), newAgent(owner.key)]);
});

afterAll(remove);

test("schedules are made, found by name, changed, paused and deleted", async () => {
  const create = ["schedules", "create", "--env", environmentId, "nightly", "-"];
  const made = await run([...create, "--cron", "0 3 * * *"], "echo from stdin");
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^sched_[\w-]{21}\n$/) });
  const refused = await run(create, "true");
  expect(refused).toMatchObject({ code: 1, out: "" });
  expect(refused.err).toContain("cronExpression is required for a recurring schedule");
  expect((await run(["schedules", "edit", "nightly", "--cron", "30 4 * * *"])).code).toBe(0);
  expect((await run(["schedules", "pause", "nightly"])).err).toContain("Paused nightly.");
  expect(await json(["schedules", "list"])).toMatchObject([
    { id: made.out.trim(), task: "echo from stdin", cronExpression: "30 4 * * *", enabled: false },
  ]);
  expect((await run(["schedules", "rm", "nightly"])).code).toBe(1);
  expect((await run(["schedules", "rm", "--yes", "nightly"])).code).toBe(0);
  const gone = await run(["schedules", "get", "nightly"]);
  expect(gone.code).toBe(1);
  expect(gone.err).toContain('You have no schedule called "nightly".');
});

test("a schedule that is resumed is run at once, and its runs are listed", async () => {
  const options = ["--env", environmentId, "--agent", agentId, "--timezone", "Europe/Berlin"];
  const times = ["--cron", "0 3 * * *", "--paused", "--skip-missed"];
  const create = ["schedules", "create", "at-once", "echo ran", ...options, ...times];
  const { id } = await json(create);
  expect((await run(["schedules", "resume", id])).code).toBe(0);
  const shown = { enabled: true, timezone: "Europe/Berlin", missedRuns: "skip" };
  expect(await json(["schedules", "get", id])).toMatchObject(shown);
  const { runId } = await json(["schedules", "run", "at-once"]);
  expect(await run(["logs", "-f", runId])).toMatchObject({ code: 0, out: "ran\n" });
  expect(await json(["schedules", "runs", id])).toMatchObject([{ runId, cause: "request" }]);
});

test("a trigger's address and secret are printed once, and it is tested and paused", async () => {
  const create = ["triggers", "create", "deploys", "echo came", "--env", environmentId];
  const options = ["--agent", agentId, "--event", "deploy", "--filter", "branch=main"];
  const made = await run([...create, ...options]);
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining("isn't shown again") });
  const [, id = "", address = "", secret = ""] =
    /^id {2,}(\S+)\naddress {2,}(\S+)\nsecret {2,}(\S+)\n$/.exec(made.out) ?? [];
  expect(address.startsWith(`${cloud().baseUrl}/v1/webhooks/triggers/`), made.out).toBe(true);
  const shown = await json(["triggers", "get", "deploys"]);
  expect(shown).toMatchObject({ id, source: "webhook", filters: { branch: "main" } });
  expect(JSON.stringify(shown)).not.toContain(secret);
  writeFileSync(join(folder, "payload.json"), '{"type": "deploy"}');
  const tested = await json(["triggers", "test", id, "--payload", "payload.json"]);
  expect(tested).toMatchObject({ isTest: true, eventPayload: { type: "deploy" } });
  expect(await json(["triggers", "runs", id])).toMatchObject([{ runId: tested.runId }]);
  const asked = await run(["triggers", "rotate-secret", id]);
  expect(asked).toMatchObject({ code: 1, out: "" });
  const rotated = await json(["triggers", "rotate-secret", "--yes", id]);
  expect(rotated.webhookSecret).not.toBe(secret);
  expect((await run(["triggers", "edit", id, "--event", "*", "--name", "all"])).code).toBe(0);
  expect((await run(["triggers", "pause", "all"])).code).toBe(0);
  expect(await json(["triggers", "list"])).toMatchObject([{ id, event: "*", enabled: false }]);
  expect((await run(["triggers", "rm", "--yes", "all"])).code).toBe(0);
  expect(await json(["triggers", "list"])).toEqual([]);
});

test("an orchestration is made from a file, run, followed to its end, and deleted", async () => {
  const step = { agentId, name: "say", instructions: 'echo "$ORCHESTRATION_INPUT" | grep -o blue' };
  const after = { agentId, name: "end", instructions: "echo done", dependsOn: ["say"] };
  const file = { name: "pair", strategy: "sequential", steps: [step, after] };
  writeFileSync(join(folder, "pair.json"), JSON.stringify(file));
  const create = ["orchestrations", "create", "--env", environmentId];
  const made = await run([...create, "pair.json"]);
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^orch_[\w-]{21}\n$/) });
  const wrong = { ...file, steps: [{ ...step, dependsOn: ["nobody"] }] };
  const refused = await run([...create, "-"], JSON.stringify(wrong));
  expect(refused).toMatchObject({ code: 1, out: "" });
  expect(refused.err).toContain("nobody");
  expect((await run([...create, "-"], "{")).err).toContain("isn't JSON");
  const following = run(["orchestrations", "run", "pair", "-f", "--input", "colour=blue"]);
  let isOver = false;
  const sweeping = until("the run to be followed to its end", async () => {
    await sweep("runs");
    return isOver;
  });
  const ran = await following;
  isOver = true;
  await sweeping;
  expect(ran).toMatchObject({ code: 0, out: "blue\ndone\n" });
  const runId = /orun_[\w-]{21}/.exec(ran.err)?.[0] ?? "";
  expect(await json(["orchestrations", "runs", "pair"])).toMatchObject([
    { id: runId, status: "completed" },
  ]);
  const watched = await run(["orchestrations", "watch", "--json", "pair", runId]);
  const lines = watched.out.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { stepName: "say", output: "blue\n" },
    { stepName: "end", output: "done\n" },
    { id: runId, status: "completed" },
  ]);
  expect((await run(["orchestrations", "archive", "pair"])).code).toBe(0);
  const archived = await run(["orchestrations", "run", "pair"]);
  expect(archived).toMatchObject({ code: 1, err: expect.stringContaining("archived") });
  expect((await run(["orchestrations", "unarchive", "pair"])).code).toBe(0);
  writeFileSync(join(folder, "name.json"), '{"name": "renamed"}');
  expect((await run(["orchestrations", "edit", "pair", "name.json"])).code).toBe(0);
  expect((await run(["orchestrations", "rm", "--yes", "renamed"])).code).toBe(0);
  expect(await json(["orchestrations", "list"])).toEqual([]);
});

test("a command that there isn't is answered with the nearest one that there is", async () => {
  const wrong = await run(["schedule"]);
  expect(wrong).toMatchObject({ code: 1, out: "" });
  expect(wrong.err).toContain("Did you mean schedules?");
  expect((await run(["orchestrations", "lst"])).err).toContain("Did you mean list?");
});
