/** Failing dispatches and dying runners: money, thread and audit afterwards. */
import { readdir, readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { killProcess } from "../../runner/launcher/kill-process.ts";
import { send } from "../kit/client.ts";
import { killFunction, orderRunFault, until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { auditOf, firestore } from "../kit/store.ts";

const exhausted = 8;
let owner: TestOwner;
let environmentId: string;

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 5 });
  environmentId = await newEnvironment(owner.key);
});

async function budget() {
  return (await send("/v1/budget", { key: owner.key })).json;
}

async function chargesOf(threadId: string): Promise<number> {
  const { data } = (await send("/v1/billing/records?type=charge", { key: owner.key })).json;
  return data.filter((record: { threadId: string }) => record.threadId === threadId).length;
}

/** Asks a function that may be down at the moment. */
async function untilCompleted(threadId: string, withinMs: number): Promise<void> {
  await until(
    "the thread's end",
    async () => {
      const { status, text } = await send(`/v1/threads/${threadId}/status`, { key: owner.key });
      return status === 200 && JSON.parse(text).status === "completed";
    },
    withinMs,
  );
}

/** The processes that have an execution's id in their environment: its launcher and supervisor. */
async function runnersOf(executionId: string): Promise<number[]> {
  const all = (await readdir("/proc")).filter((name) => /^[0-9]+$/.test(name)).map(Number);
  const found = await Promise.all(
    all.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environment.includes(executionId) ? [pid] : [];
    }),
  );
  return found.flat();
}

describe("F12 a dispatch", () => {
  test.runIf(isTurn(1, 2))(
    "that is refused leaves the execution queued, and the outbox dispatches it",
    async () => {
      const threadId = await newThread(owner.key, { environmentId });
      await orderRunFault({ kind: "refuse", code: exhausted });
      const { run, content } = await runScript(owner.key, threadId, "echo late");
      expect(run.status).toBe("success");
      expect(content).toBe("late\n");
      expect(await chargesOf(threadId)).toBe(1);
      expect(await budget()).toMatchObject({ held: 0 });
    },
  );

  test("whose answer is lost runs once", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    await orderRunFault({ kind: "loseAnswer" });
    const { run } = await runScript(owner.key, threadId, "echo once >> once.txt; cat once.txt");
    expect(run.status).toBe("success");
    expect(await chargesOf(threadId)).toBe(1);
    const path = `/v1/environments/${environmentId}/files/once.txt`;
    expect((await send(path, { key: owner.key })).text).toBe("once\n");
  });

  test.runIf(isTurn(0, 2))(
    "whose runner ends before its claim gets another one, long before the claim is due",
    async () => {
      const threadId = await newThread(owner.key, { environmentId });
      await orderRunFault({ kind: "die" });
      const stream = runScript(owner.key, threadId, "echo another");
      const all = firestore().collection(`owners/${owner.id}/executions`);
      const started = await until("the dead runner's name", async () => {
        const { docs } = await all.where("threadId", "==", threadId).get();
        return docs.find((found) => found.get("jobExecution") !== null);
      });
      // Makes it due for a check; the first one would come after ten seconds.
      await started.ref.update({ sweepAt: Date.now() - 1 });
      const { run, content } = await stream;
      expect({ status: run.status, content }).toEqual({ status: "success", content: "another\n" });
      expect((await started.ref.get()).get("attempt")).toBe(2);
      expect(await chargesOf(threadId)).toBe(1);
    },
  );

  test.runIf(isTurn(1, 2))("that starts two runners executes and charges once", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    await orderRunFault({ kind: "startTwice" });
    const { run } = await runScript(owner.key, threadId, "echo twice >> twice.txt; sleep 0.5");
    expect(run.status).toBe("success");
    const path = `/v1/environments/${environmentId}/files/twice.txt`;
    expect((await send(path, { key: owner.key })).text).toBe("twice\n");
    expect(await chargesOf(threadId)).toBe(1);
    const claims = (await auditOf(owner.id)).filter(
      ({ action, subject }) => action === "execution.claimed" && subject === run.id,
    );
    expect(claims).toHaveLength(1);
  });
});

describe("BUD-6 a runner that dies (F13)", () => {
  test("is found by the next reader of the thread, charged at its hold, and frees everything", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    let executionId = "";
    const stream = runScript(owner.key, threadId, "sleep 60", {
      onText: (text) => {
        executionId ||= text.includes("tool_call") ? (/run_[\w-]{21}/.exec(text)?.[0] ?? "") : "";
      },
    });
    await until("the command", async () => executionId !== "");
    const before = await budget();
    for (const pid of await runnersOf(executionId)) killProcess(pid);
    await until("an end of its processes", async () => (await runnersOf(executionId)).length === 0);
    const execution = firestore().doc(`owners/${owner.id}/executions/${executionId}`);
    await until("an end for its next reader", async () => {
      // Ends its lease, because ninety seconds are too long to wait here. What the runner had sent
      // before it died may still renew the lease.
      await execution.update({ sweepAt: Date.now() - 1 });
      const { json } = await send(`/v1/threads/${threadId}/status`, { key: owner.key });
      return json.status === "failed";
    });
    const { events, run } = await stream;
    expect(run).toMatchObject({ status: "failed", reason: "lost", workspace: "not_saved" });
    expect(run.cost).toBe(run.held);
    expect(events.map(({ type }) => type)).toContain("stream.error");
    const after = await budget();
    expect(after).toMatchObject({ held: 0, runningExecutions: 0 });
    expect(after.balance).toBeCloseTo(before.balance - run.held, 6);
    expect(await chargesOf(threadId)).toBe(1);
    const again = await runScript(owner.key, threadId, "echo alive");
    expect(again.content).toBe("alive\n");
  });
});

describe("a function that crashes", () => {
  test.runIf(isTurn(0, 2))(
    "in the middle of a stream loses nothing: the execution ends and is charged once",
    async () => {
      const threadId = await newThread(owner.key, { environmentId });
      let killed = false;
      const cut = runScript(owner.key, threadId, "sleep 1; echo survived > survived.txt", {
        onText: (text) => {
          if (killed || !text.includes("tool_call")) return;
          killed = true;
          void killFunction("threads");
        },
      });
      await cut.catch(() => {});
      await untilCompleted(threadId, 90_000);
      expect(await chargesOf(threadId)).toBe(1);
      expect(await budget()).toMatchObject({ held: 0 });
      const path = `/v1/environments/${environmentId}/files/survived.txt`;
      expect((await send(path, { key: owner.key })).text).toBe("survived\n");
    },
  );
});
