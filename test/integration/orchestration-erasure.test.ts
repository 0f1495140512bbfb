/** What is deleted in the threads of a run's steps is gone from the run, too. */
import { describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { endOf, expectPaid, newOrchestration, startRun } from "../kit/orchestrations.ts";
import { newOwner, runScript } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

/** Prints a word that the step's own text doesn't have. */
const printing = (word: string) => `echo ${word.toLowerCase()} | tr a-z A-Z`;
const gone = { output: null, outputDeleted: true };

async function begin(scripts: readonly string[], strategy: string) {
  const owner = await newOwner();
  const { key } = owner;
  const steps = scripts.map((instructions, index) => ({ name: `s${index}`, instructions }));
  const { id } = await newOrchestration(key, { steps, strategy });
  const run = await startRun(key, id);
  const runs = `/v1/orchestrations/${id}/runs`;
  const get = async () => (await send(`${runs}/${run.id}`, { key })).json.run;
  const stored = firestore().doc(
    `owners/${owner.id}/orchestrations/${id}/orchestrationRuns/${run.id}`,
  );
  /** Which of the words anybody could still find in it. */
  const left = async (words: readonly string[]) => {
    const listed = await send(runs, { key });
    expect(listed.json.data).toHaveLength(1);
    const places = [await get(), listed.json, (await stored.get()).data()];
    return words.filter((word) => JSON.stringify(places).includes(word));
  };
  return { owner, key, run, get, stored, left };
}

describe("DAT-3 a run's copy of an answer", () => {
  test("goes with the thread, the message, or the part of the history that is deleted", async () => {
    const words = ["IN-THREAD", "IN-MESSAGE", "IN-HISTORY", "KEPT"];
    const { key, run, get, left } = await begin(words.map(printing), "parallel");
    const ended = await endOf(key, run);
    expect(ended.status).toBe("completed");
    expect(await left(words)).toEqual(words);
    const [thread, message, history] = ended.stepResults.map(
      ({ threadId }: { threadId: string }) => `/v1/threads/${threadId}`,
    );
    expect((await send(thread, { key, method: "DELETE" })).json.erased).toBe(true);
    const { data } = (await send(`${message}/messages`, { key })).json;
    const { id } = data.find(({ role }: { role: string }) => role === "assistant");
    await send(`${message}/messages/${id}`, { key, method: "DELETE" });
    const historyId = ended.stepResults[2].threadId;
    const again = await runScript(key, historyId, "true", { body: { truncateAtMessageIndex: 1 } });
    expect(again.run.status).toBe("success");

    expect(await left(words)).toEqual(["KEPT"]);
    const after = await get();
    expect(after).toMatchObject({ status: "completed", cost: ended.cost });
    expect(after.stepResults).toMatchObject([gone, gone, gone, { outputDeleted: false }]);
    for (const { status, error } of after.stepResults)
      expect([status, error]).toEqual(["completed", null]);
    // What isn't the step's answer leaves the run as it is.
    expect((await send(history, { key, method: "DELETE" })).status).toBe(200);
    expect(await get()).toEqual(after);
  });

  test("goes while the run goes on, which ends once the thread of what runs is deleted", async () => {
    const scripts = [printing("EARLIER"), "sleep 600"];
    const { owner, key, run, get, stored, left } = await begin(scripts, "sequential");
    const going = await until("the second step", async () => {
      const { stepResults } = await get();
      return stepResults[1].status === "running" ? stepResults : null;
    });
    expect(await left(["EARLIER"])).toEqual(["EARLIER"]);
    await send(`/v1/threads/${going[0].threadId}`, { key, method: "DELETE" });
    expect(await left(["EARLIER"])).toEqual([]);
    expect((await get()).stepResults[1]).toMatchObject({ status: "running" });
    // Nobody looks at the run until what its step cost is on the ledger alone.
    await stored.update({ dueAt: Date.now() + 3_600_000 });
    const { runId, threadId } = going[1];
    await send(`/v1/threads/${threadId}`, { key, method: "DELETE" });
    const execution = firestore().doc(`owners/${owner.id}/executions/${runId}`);
    const order = firestore().doc(`deletions/${threadId}`);
    await until("the execution to be erased", async () => {
      await order.update({ dueAt: 1 }).catch(() => null);
      await sweep("deletions");
      return !(await execution.get()).exists;
    });
    await stored.update({ dueAt: 1 });
    const ended = await endOf(key, run);
    expect(ended).toMatchObject({ status: "failed", stepResults: [gone, gone] });
    expect(await left(["EARLIER"])).toEqual([]);
    await expectPaid(owner, ended);
  });

  test("isn't made after the deletion, even while an incident keeps what was answered", async () => {
    const { owner, key, run, get, stored, left } = await begin([printing("LATE")], "parallel");
    const [{ runId, threadId }] = await until("the step", async () => {
      const { stepResults } = await get();
      return stepResults[0].runId === null ? null : stepResults;
    });
    // Nobody looks at the run until the thread is deleted.
    await stored.update({ dueAt: Date.now() + 3_600_000 });
    const execution = firestore().doc(`owners/${owner.id}/executions/${runId}`);
    await until("its end", async () => (await execution.get()).get("endedAt"));
    const freeze = firestore().doc(`evidenceFreezes/${owner.id}`);
    await freeze.set({ v: 1, incidents: { inc_a: 1 } });
    const answer = await send(`/v1/threads/${threadId}`, { key, method: "DELETE" });
    expect(answer.json).toMatchObject({ deleted: true, erased: false });
    expect((await execution.get()).get("output")).toContain("LATE");
    await stored.update({ dueAt: 1 });
    const ended = await endOf(key, run);
    expect(ended).toMatchObject({ status: "completed", stepResults: [gone] });
    expect(await left(["LATE"])).toEqual([]);
    await freeze.delete();
  });
});
