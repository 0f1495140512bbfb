/**
 * The process that runs a schedule is killed at each of its commits. Its clock is ahead, so that
 * the cloud's own scheduler doesn't find the schedule due and do the work instead.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newOwner } from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";
import { ShiftedClock } from "../kit/shifted-clock.ts";
import { auditOf, firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

const minuteMs = 60_000;
const aheadMs = 30 * minuteMs;
const clock = new ShiftedClock();
let process: FunctionAside;

beforeAll(async () => {
  clock.set(Date.now() + aheadMs);
  const [started] = await startAsides("maintenance", 1, { clock });
  if (!started) throw new Error("no process");
  process = started;
});
afterAll(async () => await process.stop());

// Its first commit puts the schedule off, the second runs it, the third names the runner's job.
const table = [
  ["before it has put the schedule off", 1, "hold-before"],
  ["after that", 1, "hold-after"],
  ["before the commit that runs it", 2, "hold-before"],
  ["after that, before the dispatch", 2, "hold-after"],
  ["before the runner's job is named", 3, "hold-before"],
] as const;

/** Whether a runner has been asked for, or has come. */
async function hasStarted(ownerId: string): Promise<boolean> {
  const { docs } = await firestore().collection(`owners/${ownerId}/executions`).get();
  return docs.some((doc) => doc.get("status") !== "queued" || doc.get("dispatchedAt") !== null);
}

test.each(sharedOut(table, 2))(
  "AUT-1 a schedule runs once though its process dies %s",
  async (...row) => {
    const [_at, nth, kind] = row;
    const owner = await newOwner();
    const { key } = owner;
    const yearly = { name: "report", task: "echo done", cronExpression: "0 0 1 1 *" };
    const { id } = (await send("/v1/schedules", { key, body: yearly })).json.schedule;
    let nowMs = Date.now() + aheadMs;
    clock.set(nowMs);
    const nextRunAt = nowMs - minuteMs;
    await firestore()
      .doc(`owners/${owner.id}/schedules/${id}`)
      .update({ nextRunAt, dueAt: nextRunAt });
    const { faults } = process.proxy;
    if (nth > 1) faults.order("Commit", { kind: "delay", delayMs: 0 }, nth - 1);
    faults.order("Commit", { kind });
    await process.untilUp();
    const broken = sweep("schedules", process.baseUrl).catch(() => null);
    await until("a commit that is held", async () => faults.held > 0);
    await process.kill();
    faults.clear();
    expect(await broken).toBeNull();
    const runs = async () => (await send(`/v1/schedules/${id}/runs`, { key })).json.data;
    await until("its execution to end", async () => {
      // A runner isn't given up because the clock runs faster than it starts.
      if (!(await hasStarted(owner.id))) nowMs += minuteMs / 2;
      clock.set(nowMs);
      for (const what of ["schedules", "outbox"]) {
        await sweep(what, process.baseUrl).catch(() => null);
      }
      return (await runs()).some(({ status }: { status: string }) => status === "success");
    });
    expect(await runs()).toHaveLength(1);
    expect((await send("/v1/threads", { key })).json.total_count).toBe(1);
    const started = (await auditOf(owner.id)).filter(
      ({ action }) => action === "execution.started",
    );
    expect(started).toHaveLength(1);
    const { schedule } = (await send(`/v1/schedules/${id}`, { key })).json;
    expect(schedule).toMatchObject({ runCount: 1, successCount: 1 });
    expect(Date.parse(schedule.nextRunAt)).toBeGreaterThan(nowMs);
  },
);
