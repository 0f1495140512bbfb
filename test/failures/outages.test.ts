/**
 * Firestore, KMS or Storage are unavailable or slow for a while: a 503 or a delay, and nothing half
 * done.
 */
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { cloud, killFunction, orderFault, orderRunFault, until } from "../kit/cloud.ts";
import { wholeLines } from "../kit/log-lines.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let environmentId: string;
const away = { kind: "unavailable-before" } as const;
const slow = { kind: "delay", delayMs: 1_500 } as const;

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 5 });
  environmentId = await newEnvironment(owner.key, {
    secrets: [{ key: "TOKEN", value: "a secret of some length" }],
  });
});

afterEach(async () => {
  for (const of of ["threads", "runner-gateway", "maintenance", "kms", "storage"]) {
    await orderFault(of, null);
  }
  await orderRunFault(null);
});

describe("while Firestore is away", () => {
  test.runIf(isTurn(0, 3))("a start whose commit's answer is lost has happened once", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const lost = { kind: "unavailable-after" } as const;
    await orderFault("threads", { method: "Commit", fault: lost, calls: 1 });
    const { run } = await runScript(owner.key, threadId, "echo once");
    expect(run.status).toBe("success");
    await expectSettled(owner, run.id);
  });

  test("a settlement waits for it, and for the answers it loses", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const { executionId, over } = await startExecution(
      owner,
      threadId,
      "echo a; sleep 1; echo b > b.txt",
    );
    await untilRunning(owner, executionId);
    await orderFault("runner-gateway", { method: "Commit", fault: away, calls: 6 });
    await orderFault("runner-gateway", {
      method: "Commit",
      fault: { kind: "unavailable-after" },
      calls: 2,
    });
    await over;
    expect((await expectSettled(owner, executionId)).status).toBe("success");
  });

  test.runIf(isTurn(1, 3))("a sweep that is cut off is taken up by the next", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    await orderRunFault({ kind: "refuse", code: 14 });
    await orderFault("maintenance", { method: "Commit", fault: { kind: "hold-after" }, calls: 1 });
    const { executionId, over } = await startExecution(owner, threadId, "echo swept");
    const place = firestore().doc(`owners/${owner.id}/executions/${executionId}`);
    await until("the sweep's commit", async () => (await place.get()).get("attempt") === 2);
    await killFunction("maintenance");
    await orderFault("maintenance", null);
    await over;
    const ended = await expectSettled(owner, executionId);
    expect(ended).toMatchObject({ status: "success", attempt: 3 });
  });
});

describe("while KMS is away", () => {
  test.runIf(isTurn(2, 3))("a claim waits for it", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    await orderFault("kms", { method: "Decrypt", fault: away, calls: 4 });
    const { run } = await runScript(owner.key, threadId, 'test -n "$TOKEN" && echo opened');
    expect(run.status).toBe("success");
    await expectSettled(owner, run.id);
  });

  test.runIf(isTurn(0, 3))("an environment can't be made, and half of none is", async () => {
    const before = (await send("/v1/environments", { key: owner.key })).json.data.length;
    await orderFault("kms", { method: "Encrypt", fault: away, calls: 100 });
    const refused = await send("/v1/environments", { key: owner.key, body: { name: "none" } });
    expect([refused.status, refused.json.code]).toEqual([503, "UNAVAILABLE"]);
    await orderFault("kms", null);
    expect((await send("/v1/environments", { key: owner.key })).json.data).toHaveLength(before);
  });
});

describe("while Storage is away or slow", () => {
  const ways = [
    // Google's client waits one and two seconds, within a time limit of ten.
    ["away", away, 2],
    ["slow", slow, 2],
  ] as const;
  test.each(sharedOut(ways, 3))(
    "%s: files are fetched and saved all the same",
    async (_how, fault, calls) => {
      const threadId = await newThread(owner.key, { environmentId });
      await runScript(owner.key, threadId, "date +%N > in.txt");
      await orderFault("storage", { method: "download", fault, calls });
      await orderFault("storage", { method: "upload", fault, calls });
      const { run } = await runScript(
        owner.key,
        threadId,
        "cat in.txt > out.txt; date +%N >> out.txt",
      );
      expect(run, JSON.stringify(run)).toMatchObject({ status: "success", workspace: "saved" });
      await expectSettled(owner, run.id);
      const log = join(cloud().dataFolder, "logs/runner-gateway.jsonl");
      const crashes = wholeLines(log).filter((line) => line.includes("runner-gateway ends"));
      expect(crashes).toEqual([]);
      const path = `/v1/environments/${environmentId}/files/out.txt`;
      expect((await send(path, { key: owner.key })).text.split("\n")).toHaveLength(3);
    },
  );
});
