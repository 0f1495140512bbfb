/** A run whose stored document nobody expected comes to its end, too, and then holds nothing. */
import { expect, test } from "vitest";
import { accountOf, expectBalanced } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { endOf, expectPaid, newOrchestration, startRun } from "../kit/orchestrations.ts";
import { newOwner, type TestOwner } from "../kit/owners.ts";
import { auditOf, firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

const place = (owner: TestOwner, run: { id: string; orchestrationId: string }) =>
  firestore().doc(
    `owners/${owner.id}/orchestrations/${run.orchestrationId}/orchestrationRuns/${run.id}`,
  );

async function startedRun(first: string) {
  const owner = await newOwner();
  const steps = [
    { name: "first", instructions: first },
    { name: "second", instructions: "true" },
  ];
  const { id } = await newOrchestration(owner.key, { steps });
  const run = await startRun(owner.key, id, { maxCost: 1 });
  return { owner, run, doc: place(owner, run) };
}

test("instructions that are empty are none, which is said before anything is held", async () => {
  const owner = await newOwner();
  const { key } = owner;
  const { id, steps } = await newOrchestration(key, { steps: [{ name: "a", instructions: "" }] });
  expect(steps[0].instructions).toBeNull();
  const refused = await send(`/v1/orchestrations/${id}/runs`, { key, method: "POST" });
  expect(refused.status).toBe(400);
  expect(refused.json.details).toMatchObject([{ field: "steps.0.instructions" }]);
  expect((await accountOf(owner)).runs).toEqual({});
});

test("AUT-4 a step that isn't a message that can be sent fails its run", async () => {
  const { owner, run, doc } = await startedRun("sleep 2");
  const { steps } = (await doc.get()).data() ?? {};
  await doc.update({ steps: [steps[0], { ...steps[1], instructions: "x".repeat(200_001) }] });
  const ended = await endOf(owner.key, run);
  expect(ended).toMatchObject({
    status: "failed",
    error: expect.stringContaining("isn't a message that can be sent (content: "),
    stepResults: [{ status: "completed" }, { status: "failed", threadId: null }],
  });
  await expectPaid(owner, ended);
});

test("AUT-4 a run that can't be moved on is tried some times, and then ends", async () => {
  const { owner, run, doc } = await startedRun("sleep 3");
  const inputs = (await doc.get()).data()?.inputsJson;
  await doc.update({ inputsJson: "{", failures: 8, dueAt: Date.now() });
  await until("a failure to be counted", async () => {
    await sweep("runs");
    return (await doc.get()).data()?.failures === 9;
  });
  const { dueAt } = (await doc.get()).data() ?? {};
  expect(dueAt, "it is left alone for a while").toBeGreaterThan(Date.now() + 30_000);
  await doc.update({ dueAt: Date.now() });
  const ended = await until("the run to end", async () => {
    await sweep("runs");
    const found = (await doc.get()).data();
    return found?.completedAt ? found : null;
  });
  expect(ended).toMatchObject({
    status: "failed",
    error: "It couldn't be moved on, for a reason within the platform.",
    results: [{ status: "completed" }, { status: "skipped" }],
  });
  // So that it can be read.
  await doc.update({ inputsJson: inputs });
  await expectPaid(owner, await endOf(owner.key, run));
});

test("AUT-4 a run that can't even be read ends, and what it held is free", async () => {
  const { owner, run, doc } = await startedRun("true");
  await doc.update({ strategy: "unheard of", failures: 9, dueAt: Date.now() });
  await until("the run to end", async () => {
    await sweep("runs");
    return (await doc.get()).data()?.completedAt ?? null;
  });
  expect((await doc.get()).data()).toMatchObject({ status: "failed", dueAt: null });
  await until("its step to end", async () => {
    return Object.keys((await accountOf(owner)).holds).length === 0;
  });
  await expectBalanced(owner);
  const rows = await auditOf(owner.id);
  expect(rows.find(({ action }) => action === "orchestration.ended")).toMatchObject({
    subject: run.id,
    facts: { outcome: "failed", heldMicrousd: 1_000_000 },
  });
});
