/** Cancelling an execution in each state: its results are kept, and what it used is paid. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { chargeableCostMicrousd, hasAskedForJob } from "#shared/executions/end-execution";
import { executionOf, expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { orderFault, orderRunRoom, until, untilHeld } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { pidsOf } from "../kit/processes.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let environmentId: string;
const endless = "echo before; echo kept > kept.txt; sleep 25; echo after";

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 5 });
  environmentId = await newEnvironment(owner.key);
});

afterEach(async () => {
  await orderRunRoom(null);
  for (const of of ["runner-gateway", "storage"]) await orderFault(of, null);
});

async function cancel(threadId: string, key = owner.key) {
  return await send(`/v1/threads/${threadId}/cancel`, { key, method: "POST" });
}

async function untilPrinted(executionId: string): Promise<void> {
  const events = firestore().collection(`owners/${owner.id}/executions/${executionId}/events`);
  await until("its output", async () =>
    JSON.stringify((await events.get()).docs.map((doc) => doc.data())).includes("before\\n"),
  );
}

describe("a cancelled execution", () => {
  test("that waits for room ends at once, unpaid", async () => {
    await orderRunRoom(0);
    const threadId = await newThread(owner.key, { environmentId });
    const { executionId, over } = await startExecution(owner, threadId, endless);
    await until(
      "that it waits for room",
      async () => (await executionOf(owner, executionId)).waitingSince !== null,
    );
    const answer = await cancel(threadId);
    expect(answer.json).toMatchObject({ success: true, status: "cancelled", runId: executionId });
    await over;
    const ended = await expectSettled(owner, executionId);
    expect(ended).toMatchObject({ status: "cancelled", chargedMicrousd: 0, claimedAt: null });
  });

  test.runIf(isTurn(0, 2))(
    "TEN-2 whose runner starts pays the least charge, and the runner quits",
    async () => {
      await orderFault("runner-gateway", {
        method: "BatchGetDocuments",
        fault: { kind: "hold-before" },
        calls: 1,
      });
      const threadId = await newThread(owner.key, { environmentId });
      const { executionId, over } = await startExecution(owner, threadId, endless);
      await untilHeld("runner-gateway");
      expect((await cancel(threadId)).json.status).toBe("cancelled");
      await orderFault("runner-gateway", null);
      await over;
      const ended = await expectSettled(owner, executionId);
      // In this cloud the first hold is smaller than the minimum charge, and an attempt soon counts
      // as lost.
      const chargedMicrousd = hasAskedForJob(ended) ? chargeableCostMicrousd(ended, 0) : 0;
      expect(ended).toMatchObject({ status: "cancelled", chargedMicrousd, claimedAt: null });
      await until(
        "an end of the runner",
        async () => (await pidsOf(executionId, "launcher")).length === 0,
      );
    },
  );

  // Cancelled by the platform, or by the heartbeat if that call is lost.
  test.each(sharedOut(["the platform", "a heartbeat"], 2))(
    "that runs hears it by %s",
    async (actor) => {
      const threadId = await newThread(owner.key, { environmentId });
      const { executionId, over } = await startExecution(owner, threadId, endless);
      await untilRunning(owner, executionId);
      await untilPrinted(executionId);
      if (actor === "a heartbeat") {
        const place = firestore().doc(`owners/${owner.id}/executions/${executionId}`);
        await place.update({ jobExecution: null });
      }
      expect((await cancel(threadId)).json.status).toBe("cancelling");
      await over;
      const ended = await expectSettled(owner, executionId);
      expect(ended).toMatchObject({
        status: "cancelled",
        reason: "cancelled",
        workspaceState: "saved",
      });
      expect(ended.output).toContain("before\n");
      expect(ended.output).not.toContain("after");
      expect(ended.chargedMicrousd).toBeGreaterThan(0);
      expect(ended.chargedMicrousd).toBeLessThanOrEqual(ended.holdMicrousd);
      const kept = await send(`/v1/environments/${environmentId}/files/kept.txt`, {
        key: owner.key,
      });
      expect(kept.text).toBe("kept\n");
    },
  );

  test.runIf(isTurn(1, 2))("that is ending is settled once, by the first commit", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    await orderFault("storage", { method: "upload", fault: { kind: "hold-before" }, calls: 1 });
    const script = "head -c 100 /dev/urandom > new.bin; echo all done";
    const { executionId, over } = await startExecution(owner, threadId, script);
    await untilHeld("storage");
    const cancelled = cancel(threadId);
    await until(
      "the request",
      async () => (await executionOf(owner, executionId)).cancelRequestedAt !== null,
    );
    await orderFault("storage", null);
    expect((await cancelled).status).toBe(200);
    await over;
    const ended = await expectSettled(owner, executionId);
    expect(ended.output).toContain("all done\n");
    expect((await cancel(threadId)).json.code).toBe("NO_ACTIVE_EXECUTION");
  });
});

describe("there is nothing to cancel", () => {
  test("on a thread that runs nothing, and on another owner's", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const idle = await cancel(threadId);
    expect([idle.status, idle.json.code]).toEqual([400, "NO_ACTIVE_EXECUTION"]);
    const stranger = await newOwner({ creditUsd: 0 });
    expect((await cancel(threadId, stranger.key)).status).toBe(404);
  });
});
