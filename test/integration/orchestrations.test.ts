/** Orchestrations: what they store, in which order their steps run, and what they may cost. */
import { describe, expect, test } from "vitest";
import { accountOf } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import {
  endOf,
  expectPaid,
  newAgent,
  newOrchestration,
  shown,
  startRun,
} from "../kit/orchestrations.ts";
import { newEnvironment, newOwner } from "../kit/owners.ts";
import { auditOf, firestore } from "../kit/store.ts";

test("an orchestration is stored, listed, changed and deleted", async () => {
  const { key, id: userId } = await newOwner({ creditUsd: 0 });
  const steps = [
    { name: "build", instructions: "true" },
    { name: "ship", instructions: "true", dependsOn: ["build"], condition: "inputs.ship" },
  ];
  const coordinatorAgentId = await newAgent(key);
  const made = await newOrchestration(key, { steps, strategy: "parallel", coordinatorAgentId });
  expect(made).toMatchObject({
    ...{ userId, status: "active", strategy: "parallel", coordinatorAgentId },
    steps: [
      { id: expect.stringMatching(/^step_/), name: "build", dependsOn: [], condition: null },
      { name: "ship", dependsOn: ["build"], condition: "inputs.ship", inputs: null },
    ],
    warnings: [expect.stringContaining("coordinatorAgentId")],
  });
  const path = `/v1/orchestrations/${made.id}`;
  const [build] = made.steps;
  const kept = [
    { ...build, name: "make" },
    { ...made.steps[1], dependsOn: [build.id] },
  ];
  const changed = await send(path, {
    key,
    method: "PATCH",
    body: { steps: kept, status: "draft" },
  });
  expect(changed.json.orchestration).toMatchObject({
    status: "draft",
    steps: [{ id: build.id, name: "make" }, { dependsOn: [build.id] }],
  });
  const listed = await send("/v1/orchestrations?status=draft", { key });
  expect(listed.json).toMatchObject({ object: "list", total_count: 1, data: [{ id: made.id }] });
  expect((await send("/v1/orchestrations?status=active", { key })).json.data).toEqual([]);
  const deleted = await send(path, { key, method: "DELETE" });
  expect(deleted.json).toMatchObject({ deleted: true, orchestrationId: made.id, erased: true });
  expect((await send(path, { key })).status).toBe(404);
});

test("DAT-3 a run that is started while its orchestration is deleted leaves nothing behind", async () => {
  const { key, id: userId } = await newOwner();
  const environmentId = await newEnvironment(key);
  const steps = [{ name: "a", agentId: await newAgent(key), instructions: "true" }];
  const body = { name: "a", environmentId, strategy: "sequential", steps };
  for (let times = 0; times < 4; times += 1) {
    const { orchestration } = (await send("/v1/orchestrations", { key, body })).json;
    const path = `/v1/orchestrations/${orchestration.id}`;
    const [started, deleted] = await Promise.all([
      send(`${path}/runs`, { key, body: { inputs: { a: "private" } } }),
      send(path, { key, method: "DELETE" }),
    ]);
    expect([200, 404], started.text).toContain(started.status);
    expect(deleted.status, deleted.text).toBe(200);
    const runs = firestore().collection(
      `owners/${userId}/orchestrations/${orchestration.id}/orchestrationRuns`,
    );
    // An execution that had started is stopped before its run is erased.
    await until("the runs to be erased", async () => (await runs.get()).empty);
  }
});

test("what can't run is refused by the field that is wrong", async () => {
  const { key } = await newOwner({ creditUsd: 0 });
  const [environmentId, agentId] = await Promise.all([newEnvironment(key), newAgent(key)]);
  const a = { agentId, name: "a", instructions: "true" };
  const wrong = [
    [400, "steps.0.dependsOn", { steps: [{ ...a, dependsOn: ["nobody"] }] }],
    [
      400,
      "steps.0.dependsOn",
      {
        steps: [
          { ...a, dependsOn: ["b"] },
          { ...a, name: "b" },
        ],
      },
    ],
    [400, "steps.0.condition", { steps: [{ ...a, condition: "require('fs')" }] }],
    [400, "steps", { steps: Array.from({ length: 21 }, () => a) }],
    [400, "strategy", { strategy: "random" }],
    [404, "steps.0.agentId", { steps: [{ ...a, agentId: `agent_${"0".repeat(21)}` }] }],
    [404, "environmentId", { environmentId: `env_${"0".repeat(21)}` }],
  ] as const;
  for (const [status, field, fields] of wrong) {
    const body = { name: "x", environmentId, strategy: "sequential", steps: [a], ...fields };
    const refused = await send("/v1/orchestrations", { key, body });
    expect(refused, refused.text).toMatchObject({ status, json: { details: [{ field }] } });
    const [{ message }] = refused.json.details;
    if (status === 400) expect(refused.json.message).toBe(`The field ${field} ${message}.`);
  }
});

describe("AUT-4 a run", () => {
  test("runs steps one after another, with what came before as data", async () => {
    const owner = await newOwner();
    const { key } = owner;
    const steps = [
      { name: "write", instructions: "echo 'one; $(exit 3)'", inputs: { tone: "calm" } },
      { name: "read", instructions: shown('d.steps.write.output.trim() + "/" + d.inputs.topic') },
    ];
    const { id } = await newOrchestration(key, { steps });
    const run = await startRun(key, id, { inputs: { topic: "sea" } });
    expect(run).toMatchObject({ status: "pending", threadId: null, stepResults: [{}, {}] });
    const ended = await endOf(key, run);
    expect(ended, JSON.stringify(ended)).toMatchObject({
      status: "completed",
      error: null,
      stepResults: [
        { stepName: "write", status: "completed", output: "one; $(exit 3)\n" },
        { stepName: "read", status: "completed", output: "one; $(exit 3)/sea\n" },
      ],
    });
    await expectPaid(owner, ended);
    const runs = await send(`/v1/orchestrations/${id}/runs`, { key });
    expect(runs.json).toMatchObject({ object: "list", total_count: 1, data: [{ id: run.id }] });
    const rows = (await auditOf(owner.id)).map(({ action }) => action);
    expect(rows.filter((one) => one === "execution.started")).toHaveLength(2);
    expect(rows.filter((one) => one === "orchestration.ended")).toHaveLength(1);
  });

  test("splits a list, and gives all answers to the last step", async () => {
    const owner = await newOwner();
    const { key } = owner;
    const steps = [
      { name: "each", instructions: shown("d.item * 10") },
      { name: "sum", instructions: shown('d.steps.each.output.map(Number).join("+")') },
    ];
    const { id } = await newOrchestration(key, { steps, strategy: "map_reduce" });
    const path = `/v1/orchestrations/${id}/runs`;
    const refused = await send(path, { key, method: "POST" });
    expect(refused).toMatchObject({ status: 400, json: { details: [{ field: "inputs.items" }] } });
    const ended = await endOf(key, await startRun(key, id, { inputs: { items: [1, 2, 3] } }));
    const outputs = ended.stepResults.map((one: { output: string }) => one.output);
    expect(outputs).toEqual(["10\n", "20\n", "30\n", "10+20+30\n"]);
    await expectPaid(owner, ended);
  });

  test("goes the way that a condition says", async () => {
    const owner = await newOwner();
    const { key } = owner;
    const steps = [
      { name: "judge", instructions: "echo yes" },
      { name: "good", instructions: "echo good", condition: 'steps.judge.output == "yes"' },
      { name: "bad", instructions: "echo bad", condition: 'steps.step_1.output != "yes"' },
    ];
    const { id } = await newOrchestration(key, { steps, strategy: "conditional" });
    const ended = await endOf(key, await startRun(key, id));
    expect(ended).toMatchObject({
      status: "completed",
      stepResults: [{}, { status: "completed" }, { status: "skipped", output: null, runId: null }],
    });
    await expectPaid(owner, ended);
  });

  test("that can't be covered is refused with 402, and starts nothing", async () => {
    const owner = await newOwner({ creditUsd: 0.01 });
    const { key } = owner;
    const { id } = await newOrchestration(key, { steps: [{ name: "a", instructions: "true" }] });
    const path = `/v1/orchestrations/${id}/runs`;
    const refused = await send(path, { key, body: { maxCost: 0.02 } });
    expect(refused).toMatchObject({ status: 402, json: { code: "INSUFFICIENT_BUDGET" } });
    const misspelt = await send(path, { key, body: { maxcost: 0.001 } });
    expect(misspelt).toMatchObject({ status: 400, json: { details: [{ field: "maxcost" }] } });
    expect((await send("/v1/threads", { key })).json.total_count).toBe(0);
    expect((await accountOf(owner)).runs).toEqual({});
  });

  test("never spends more than it held, and says which step it was too little for", async () => {
    const owner = await newOwner();
    const { key } = owner;
    const steps = [
      { name: "first", instructions: "echo done" },
      { name: "second", instructions: "echo done" },
      { name: "third", instructions: "echo done" },
    ];
    const { id } = await newOrchestration(key, { steps });
    // A start holds six minutes, and costs a third of one.
    const started = await startRun(key, id, { maxCost: 0.0125 });
    const ended = await endOf(key, started);
    expect(ended, JSON.stringify(ended)).toMatchObject({ status: "failed" });
    expect(ended.error).toMatch(/^The step ".*" can't start: What the run may cost/);
    expect(ended.stepResults[0]).toMatchObject({ status: "completed", output: "done\n" });
    expect(ended.stepResults[2]).toMatchObject({ status: "skipped" });
    await expectPaid(owner, ended);
  });

  test("needs the scopes that start executions, and not an archived orchestration", async () => {
    const owner = await newOwner();
    const { id } = await newOrchestration(owner.key, {
      steps: [{ name: "a", instructions: "true" }],
    });
    const scopes = ["schedules:write", "schedules:read"];
    const made = await send("/v1/keys", { key: owner.key, body: { name: "reader", scopes } });
    const reader = made.json;
    const path = `/v1/orchestrations/${id}/runs`;
    expect((await send(path, { key: reader.key, method: "POST" })).status).toBe(403);
    const body = { status: "archived" };
    await send(`/v1/orchestrations/${id}`, { key: owner.key, method: "PATCH", body });
    const refused = await send(path, { key: owner.key, method: "POST" });
    expect(refused).toMatchObject({ status: 409, json: { code: "CONFLICT" } });
  });
});
