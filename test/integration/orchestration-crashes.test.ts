/** The process that starts a run is killed at each of its commits; others go on with the run. */
import { afterEach, expect, test } from "vitest";
import { accountOf, expectBalanced } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newEnvironment, newOwner } from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";
import { auditOf, firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

/** A process that starts, two sandboxes and a dozen sweeps take minutes on a starved machine. */
const testMsMax = 600_000;
let aside: FunctionAside | undefined;
afterEach(async () => await aside?.stop());

// The first commit holds the money, the next two start a step each, and then jobs are named.
const table = [
  ["after the commit that held the money", 1, "hold-after"],
  ["before the commit that starts the first step", 2, "hold-before"],
  ["after that, before its runner is asked for", 2, "hold-after"],
  ["between two steps", 3, "hold-before"],
  ["after both, before either runner is asked for", 3, "hold-after"],
  ["while the runners are named", 5, "hold-before"],
] as const;

test.each(sharedOut(table, 2))(
  "AUT-5 each step of a run starts once though the process dies %s",
  async (...row) => {
    const [_when, nth, kind] = row;
    const owner = await newOwner();
    const { key } = owner;
    const environmentId = await newEnvironment(key);
    const agent = await send("/v1/agents", { key, body: { name: "a", model: "shell" } });
    const agentId = agent.json.agent.id;
    const steps = ["one", "two"].map((name) => ({ name, agentId, instructions: `echo ${name}` }));
    const body = { name: "both", environmentId, strategy: "parallel", steps };
    const { id } = (await send("/v1/orchestrations", { key, body })).json.orchestration;
    const [started] = await startAsides("automation", 1);
    if (!started) throw new Error("no process");
    aside = started;
    const { faults } = started.proxy;
    if (nth > 1) faults.order("Commit", { kind: "delay", delayMs: 0 }, nth - 1);
    faults.order("Commit", { kind });
    const path = `/v1/orchestrations/${id}/runs`;
    const { baseUrl } = started;
    const broken = send(path, { key, method: "POST", baseUrl }).catch(() => null);
    await until("a commit that is held", async () => faults.held > 0);
    await started.kill();
    faults.clear();
    expect(await broken).toBeNull();
    const run = await until(
      "the run to end",
      async () => {
        for (const what of ["runs", "outbox"]) await sweep(what);
        const [newest] = (await send(path, { key })).json.data;
        return newest?.completedAt ? newest : null;
      },
      testMsMax / 2,
    );
    expect(run, JSON.stringify(run)).toMatchObject({
      status: "completed",
      stepResults: [{ output: "one\n" }, { output: "two\n" }],
    });
    const place = firestore().doc(`owners/${owner.id}`);
    const [executions, ledger] = await Promise.all([
      place.collection("executions").get(),
      place.collection("ledger").where("type", "==", "charge").get(),
    ]);
    expect(executions.size, "each step ran once").toBe(2);
    expect(ledger.size, "each was charged once").toBe(2);
    expect((await send("/v1/threads", { key })).json.total_count).toBe(2);
    expect((await accountOf(owner)).runs).toEqual({});
    await expectBalanced(owner);
    expect(Math.round(run.cost * 1_000_000)).toBe((await accountOf(owner)).spentMicrousd);
    const rows = (await auditOf(owner.id)).map(({ action }) => action);
    expect(rows.filter((action) => action === "execution.started")).toHaveLength(2);
    expect(rows.filter((action) => action === "orchestration.ended")).toHaveLength(1);
  },
  testMsMax,
);
