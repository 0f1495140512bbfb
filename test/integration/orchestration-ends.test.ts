/** What ends an orchestration's run before its last step, and that it then holds nothing. */
import { describe, expect, test } from "vitest";
import { accountOf, expectBalanced } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { endOf, expectPaid, newAgent, newOrchestration, startRun } from "../kit/orchestrations.ts";
import { anotherKey, newOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

describe("AUT-4 a run", () => {
  test("fails when a step fails, skips the rest and keeps what was answered", async () => {
    const owner = await newOwner();
    const { key } = owner;
    const steps = [
      { name: "good", instructions: "echo kept" },
      { name: "bad", instructions: "echo partly; exit 3" },
      { name: "never", instructions: "echo no" },
    ];
    const { id } = await newOrchestration(key, { steps });
    const ended = await endOf(key, await startRun(key, id));
    expect(ended).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/^The step "bad" failed: /),
      completedAt: expect.any(String),
      stepResults: [
        { status: "completed", output: "kept\n" },
        { status: "failed", output: expect.stringContaining("partly") },
        { status: "skipped", threadId: null, error: "a step before it failed" },
      ],
    });
    await expectPaid(owner, ended);
  });

  test("fails when its key is revoked, and its agent removed", async () => {
    const owner = await newOwner();
    const doomed = await anotherKey(owner);
    const steps = [
      { name: "long", instructions: "sleep 60" },
      { name: "next", instructions: "true" },
    ];
    const { id } = await newOrchestration(owner.key, { steps });
    const run = await startRun(doomed.key, id);
    await send(`/v1/keys/${doomed.keyId}/revoke`, { key: owner.key, method: "POST" });
    const ended = await endOf(owner.key, run);
    expect(ended).toMatchObject({
      status: "failed",
      error: "The key that the run acts with has ended.",
      stepResults: [{ status: "failed" }, { status: "skipped" }],
    });
    await expectPaid(owner, ended);
  });

  test("fails at the step whose agent is gone", async () => {
    const owner = await newOwner();
    const { key } = owner;
    const agentId = await newAgent(key);
    const steps = [
      { name: "first", instructions: "sleep 2; echo kept" },
      { name: "second", instructions: "true", agentId },
    ];
    const { id } = await newOrchestration(key, { steps });
    const run = await startRun(key, id);
    await send(`/v1/agents/${agentId}`, { key, method: "DELETE" });
    const ended = await endOf(key, run);
    expect(ended).toMatchObject({
      status: "failed",
      error: `The step "second" can't start: The step's agent is gone.`,
      stepResults: [{ output: "kept\n" }, { status: "failed" }],
    });
    await expectPaid(owner, ended);
  });

  test.each(["orchestration", "environment"] as const)(
    "stops when its %s is deleted, and holds nothing",
    async (what) => {
      const owner = await newOwner();
      const { key } = owner;
      const made = await newOrchestration(key, {
        steps: [
          { name: "long", instructions: "sleep 60" },
          { name: "next", instructions: "true" },
        ],
      });
      await startRun(key, made.id);
      const paths = {
        orchestration: `/v1/orchestrations/${made.id}`,
        environment: `/v1/environments/${made.environmentId}`,
      };
      const deleted = await send(paths[what], { key, method: "DELETE" });
      expect(deleted.status, deleted.text).toBe(200);
      await until("nothing to be held", async () => {
        await sweep("deletions");
        const { holds, runs } = await accountOf(owner);
        return Object.keys({ ...holds, ...runs }).length === 0;
      });
      await expectBalanced(owner);
      await until("its runs to be erased", async () => {
        await sweep("deletions");
        const path = `owners/${owner.id}/orchestrations/${made.id}/orchestrationRuns`;
        return (await firestore().collection(path).get()).empty;
      });
      const executions = await firestore().collection(`owners/${owner.id}/executions`).get();
      expect(executions.size, "nothing starts any more").toBeLessThanOrEqual(1);
    },
  );
});
