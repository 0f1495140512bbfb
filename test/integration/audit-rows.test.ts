/** What the rows of an audit trail say, for people who must answer for it. */
import { describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import {
  anotherKey,
  asOperator,
  newEnvironment,
  newOwner,
  newThread,
  runScript,
  type TestOwner,
} from "../kit/owners.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { auditOf } from "../kit/store.ts";

async function rowsOf(owner: TestOwner, ...actions: readonly string[]) {
  return (await auditOf(owner.id)).filter(({ action }) => actions.includes(action));
}

describe("AUD-3 an execution", () => {
  test("is recorded with its task, sealed and as a digest, and with what it came to", async () => {
    const owner = await newOwner();
    const threadId = await newThread(owner.key, { environmentId: await newEnvironment(owner.key) });
    const task = "echo a task that nobody else may read";
    const { run } = await runScript(owner.key, threadId, task);
    const [started, ended] = await rowsOf(owner, "execution.started", "execution.ended");
    expect(started).toMatchObject({
      actor: { type: "key", id: owner.keyId },
      subject: run.id,
      facts: { model: "shell", taskDigest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      sealedDetails: expect.any(String),
    });
    expect(JSON.stringify([started, ended])).not.toContain("nobody else");
    const { execution } = (await send(`/v1/executions/${run.id}`, { key: owner.key })).json;
    expect(ended).toMatchObject({
      actor: { type: "runner" },
      subject: run.id,
      facts: {
        outcome: "success",
        durationMs: execution.durationMs,
        chargedMicrousd: Math.round(execution.cost * 1e6),
        inputTokens: 0,
        outputTokens: 0,
      },
    });
    expect(execution.durationMs).toBeGreaterThan(0);
  });

  test("is recorded in the same way if somebody cancels it", async () => {
    const owner = await newOwner();
    const threadId = await newThread(owner.key);
    const { executionId, over } = await startExecution(owner, threadId, "sleep 600");
    await untilRunning(owner, executionId);
    await send(`/v1/threads/${threadId}/cancel`, { key: owner.key, method: "POST" });
    await over;
    const [ended] = await rowsOf(owner, "execution.ended");
    expect(ended).toMatchObject({
      subject: executionId,
      facts: { outcome: "cancelled", durationMs: expect.any(Number) },
    });
  });
});

describe("AUD-4 an administrative action", () => {
  test("is recorded with who did it and to what", async () => {
    const owner = await newOwner();
    const { id, key } = owner;
    const other = await anotherKey(owner);
    const put = async (path: string, method: string, body?: object) => {
      const answer = await send(path, { key, method, ...(body ? { body } : {}) });
      expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300);
      return answer.json;
    };
    const rotated = await put(`/v1/keys/${other.keyId}/rotate`, "POST", { gracePeriodHours: 1 });
    await put(`/v1/keys/${rotated.id}`, "PATCH", { name: "renamed" });
    await put(`/v1/keys/${rotated.id}/revoke`, "POST");
    await put(`/v1/keys/${rotated.id}`, "DELETE");
    await put("/v1/budget/limits", "PUT", { dailyLimit: 3 });
    const operate = async (path: string, body: object = {}) => {
      const answer = await asOperator(path, body);
      expect(answer.status, `${path}: ${answer.text}`).toBeLessThan(300);
    };
    await operate(`/v1/billing/admin/${id}/limits`, { monthlyLimit: 9 });
    await operate(`/v1/admin/users/${id}/credit`, { amount: 1 });
    await operate(`/v1/admin/users/${id}/suspend`);
    await operate(`/v1/admin/users/${id}/keys/revoke`, { reason: "a test" });
    await operate(`/v1/admin/users/${id}/keys`, { name: "made", reason: "a test" });
    await operate(`/v1/admin/users/${id}/resume`);
    const rows = (await auditOf(id)).map(({ action, actor, subject }) => {
      return `${actor.type === "key" ? actor.id : actor.type} ${action} ${subject}`;
    });
    const mine = (action: string, subject: string) => `${owner.keyId} ${action} ${subject}`;
    expect(rows).toEqual([
      `operator owner.created ${id}`,
      expect.stringMatching(/^operator budget.credited /),
      mine("key.created", other.keyId),
      mine("key.rotated", other.keyId),
      mine("key.updated", rotated.id),
      mine("key.revoked", rotated.id),
      mine("key.deleted", rotated.id),
      mine("budget.limits_changed", id),
      `operator budget.limits_changed ${id}`,
      expect.stringMatching(/^operator budget.credited /),
      `operator owner.suspended ${id}`,
      `operator keys.revoked ${id}`,
      expect.stringMatching(/^operator key.created key_/),
      `operator owner.resumed ${id}`,
    ]);
  });
});
