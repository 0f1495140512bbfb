/** The same request twice, two at once, and a run that takes too long. */
import { beforeAll, describe, expect, test } from "vitest";
import { expectBalanced, expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let environmentId: string;

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 5 });
  environmentId = await newEnvironment(owner.key);
});

async function executionsOn(threadId: string): Promise<number> {
  const all = firestore().collection(`owners/${owner.id}/executions`);
  return (await all.where("threadId", "==", threadId).count().get()).data().count;
}

async function anotherKey(scopes: readonly string[]) {
  const made = await send("/v1/keys", { key: owner.key, body: { name: "other", scopes } });
  expect(made.status).toBe(201);
  return made.json;
}

describe("one Idempotency-Key", () => {
  test("sent three times at once starts one execution, and all three read it", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const headers = { "idempotency-key": `parallel-${threadId}` };
    const script = "echo x >> count.txt; wc -l < count.txt";
    const runs = await Promise.all(
      [1, 2, 3].map(() => runScript(owner.key, threadId, script, { headers })),
    );
    expect(new Set(runs.map(({ run }) => run.id)).size).toBe(1);
    expect(await executionsOn(threadId)).toBe(1);
    await expectSettled(owner, runs[0]?.run.id);
  });

  test.runIf(isTurn(0, 2))(
    "shown with another key of the owner is checked again before it answers",
    async () => {
      const threadId = await newThread(owner.key, { environmentId });
      const headers = { "idempotency-key": `keys-${threadId}` };
      const first = await runScript(owner.key, threadId, "echo once", { headers });
      const again = async (key: string) => await runScript(key, threadId, "echo once", { headers });
      const equal = await anotherKey(["execute"]);
      expect((await again(equal.key)).run.id).toBe(first.run.id);
      const weaker = await anotherKey(["threads:read"]);
      expect((await again(weaker.key)).answer.status).toBe(403);
      await send(`/v1/keys/${equal.id}/revoke`, { key: owner.key, method: "POST" });
      expect((await again(equal.key)).answer.status).toBe(401);
      expect(await executionsOn(threadId)).toBe(1);
      await expectBalanced(owner);
    },
  );
});

describe("two messages on one thread at once", () => {
  test("are one execution and one 409", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const both = await Promise.all(
      ["echo a", "echo b"].map((script) => runScript(owner.key, threadId, script)),
    );
    expect(both.map(({ answer }) => answer.status).sort()).toEqual([200, 409]);
    const started = both.find(({ answer }) => answer.status === 200);
    const refused = both.find(({ answer }) => answer.status === 409);
    expect(refused?.answer.json.code).toBe("THREAD_BUSY");
    await expectSettled(owner, started?.run.id);
    expect(await executionsOn(threadId)).toBe(1);
  });
});

describe("a run beyond its time", () => {
  test.runIf(isTurn(1, 2))(
    "is stopped with what it made, as `timeout` tells it, and pays for all of it",
    async () => {
      const threadId = await newThread(owner.key, { environmentId });
      const script = "echo so far; echo kept > partial.txt; sleep 60; echo never";
      const { run } = await runScript(owner.key, threadId, script);
      expect(run).toMatchObject({ status: "failed", reason: "time_limit", exitCode: 124 });
      const ended = await expectSettled(owner, run.id);
      expect(ended.output).toContain("so far\n");
      expect(ended.output).not.toContain("never");
      expect(ended.workspaceState).toBe("saved");
      expect(ended.chargedMicrousd).toBe(ended.holdMicrousd);
      const kept = await send(`/v1/environments/${environmentId}/files/partial.txt`, {
        key: owner.key,
      });
      expect(kept.text).toBe("kept\n");
    },
  );
});
