/** What a runner says of its own work: numbers that can't be, and that there was none. */
import { createHash, randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { executionOf, untilEnded } from "../kit/assert-settled.ts";
import { prepareBeat } from "../kit/beat.ts";
import { eventsOf, send } from "../kit/client.ts";
import { newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { plantExecution } from "../kit/plant-execution.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let template: string;
beforeAll(async () => {
  owner = await newOwner();
  template = (await runScript(owner.key, await newThread(owner.key), "true")).run.id;
});

/** An execution that was claimed a while ago, and the calls of its runner. */
async function runnerOf(workedMs = 5_000) {
  const claimedAt = Date.now() - workedMs;
  const planted = await plantExecution(owner, template, { status: "running", claimedAt });
  const { executionId } = planted;
  const { key, leaseVersion, baseUrl } = await prepareBeat(owner, executionId, workedMs);
  const call = async (name: string, body: object) =>
    await send(`/internal/executions/${name}`, { baseUrl, key, body });
  const place = firestore().doc(`owners/${owner.id}/executions/${executionId}`);
  return {
    executionId,
    place,
    storeEvents: async (...sequences: readonly number[]) =>
      await call("events", { events: sequences.map(eventOf) }),
    storeEgress: async (firstSequence: number) => await call("egress", egressFrom(firstSequence)),
    async storePack() {
      const raw = randomBytes(16);
      const path = `/internal/workspace/packs/${createHash("sha256").update(raw).digest("hex")}`;
      const headers = { "content-type": "application/octet-stream" };
      return await send(path, { baseUrl, key, method: "PUT", raw, headers });
    },
    settle: async (fields: object) => await call("settle", { leaseVersion, ...worked, ...fields }),
    read: async (more = "") =>
      await send(`/v1/executions/${executionId}${more}`, { key: owner.key }),
  };
}

const worked = {
  ...{ outcome: "success", reason: "completed", exitCode: 0, output: "worked" },
  ...{ outputTruncated: false, workspace: { state: "unchanged" }, eventsLastSequence: 0 },
};
const unproven = {
  ...{ outcome: "failed", reason: "isolation_unavailable", exitCode: null, output: "" },
  detail: "the result of the work",
};
const highest = Number.MAX_SAFE_INTEGER;

function eventOf(sequence: number) {
  return { sequence, at: 1, item: { type: "text", content: "x" } };
}

function egressFrom(firstSequence: number) {
  const attempt = { sequence: 1, at: 1, host: "a.test", port: 443, method: "connect" };
  const end = { verdict: "allowed", rule: null, address: null, durationMs: 0 };
  const attempts = [{ ...attempt, ...end, sentBytes: 1, receivedBytes: 1 }];
  return { attempts, firstSequence, cut: 0 };
}

describe("BUD-6 a runner's numbers", () => {
  test.each([
    ["the highest there is", [highest]],
    ["beyond the bound", [1_000_000_000, 1_000_000_001]],
    ["that fall", [2, 1]],
    ["that stay", [1, 1]],
    ["with a gap", [1, 3]],
  ])("of events are refused: %s", async (_what, sequences) => {
    const { storeEvents, settle, read } = await runnerOf();
    expect((await storeEvents(...sequences)).status).toBe(400);
    expect((await settle({})).status).toBe(200);
    expect((await read()).json.execution.status).toBe("success");
  });

  test("of its last event and of its egress have a bound too", async () => {
    const { storeEgress, settle } = await runnerOf();
    expect((await storeEgress(highest)).status).toBe(400);
    expect((await settle({ eventsLastSequence: highest })).status).toBe(400);
    expect((await settle({ eventsLastSequence: 1_000_000_000 })).status).toBe(200);
  });

  const stored = [
    ["the highest there is", [highest]],
    ["that fall", [2, 1]],
    ["behind all others", [1_000_000_001]],
  ] as const;
  const ends = [
    ["its runner", async ({ settle }: Runner) => await settle({ eventsLastSequence: 1 })],
    [
      "a reader, once its runner is silent",
      async ({ place, read }: Runner) => {
        await place.update({ leaseExpiresAt: 1, sweepAt: 1 });
        return await read();
      },
    ],
  ] as const;
  const cases = stored.flatMap(([what, numbers]) =>
    ends.map(([by, end]) => ({ what, numbers, by, end })),
  );
  // A release before this one has stored them: no execution may be left that nobody can end.
  test.each(cases)("of events that are stored, $what, let $by end it", async ({ numbers, end }) => {
    const runner = await runnerOf();
    const [firstSequence = 1] = numbers;
    const batch = { v: 1, firstSequence, lastSequence: numbers.at(-1), expireAt: new Date(2e12) };
    const name = String(firstSequence).padStart(12, "0");
    await runner.place
      .collection("events")
      .doc(name)
      .create({
        ...batch,
        events: numbers.map(eventOf),
      });
    expect((await end(runner)).status).toBe(200);
    await untilEnded(owner, runner.executionId, 1_000);
    const { status, text } = await runner.read("/events");
    expect([status, eventsOf(text).at(-1)?.type]).toEqual([200, "stream.completed"]);
  });

  test("that it left out hold up no reader", async () => {
    const { storeEvents, settle, read } = await runnerOf();
    await storeEvents(1);
    expect((await settle({ eventsLastSequence: 7 })).status).toBe(200);
    const types = eventsOf((await read("/events")).text).map(({ type }) => type);
    expect(types).toContain("response.item.completed");
    expect(types.at(-1)).toBe("stream.completed");
  });

  test("of its clock are shown as far as there are dates", async () => {
    const { settle, place, read } = await runnerOf();
    const at = highest;
    const rest = { v: 1, firstSequence: 1, lastSequence: 1, expireAt: new Date(2e12) };
    await place
      .collection("events")
      .doc("000000000001")
      .create({ ...rest, events: [{ ...eventOf(1), at }] });
    expect((await settle({ eventsLastSequence: 1 })).status).toBe(200);
    expect(eventsOf((await read("/events")).text).at(-1)?.type).toBe("stream.completed");
  });
});
type Runner = Awaited<ReturnType<typeof runnerOf>>;

describe("EXE-8 a runner that says it has executed nothing", () => {
  test("has its sentence replaced by ours, and costs nothing", async () => {
    const { executionId, settle, read } = await runnerOf();
    expect((await settle(unproven)).status).toBe(200);
    expect(await executionOf(owner, executionId)).toMatchObject({
      ...{ reason: "isolation_unavailable", chargedMicrousd: 0, detail: null },
    });
    expect((await read("/events")).text).not.toContain(unproven.detail);
  });

  test.each<readonly [string, number, (runner: Runner) => Promise<object>]>([
    ["a minute after its claim", 61_000, async () => ({})],
    [
      "after it stored a pack",
      5_000,
      async ({ storePack }) => {
        expect((await storePack()).status).toBe(200);
        return {};
      },
    ],
    ["with an exit code", 5_000, async () => ({ exitCode: 7 })],
    ["and that it succeeded", 5_000, async () => ({ outcome: "success" })],
  ])("isn't believed %s", async (_when, workedMs, work) => {
    const runner = await runnerOf(workedMs);
    const fields = await work(runner);
    expect((await runner.settle({ ...unproven, ...fields })).status).toBe(200);
    const ended = await executionOf(owner, runner.executionId);
    expect(ended.reason).toBe("runner_error");
    expect(ended.chargedMicrousd).toBeGreaterThan(0);
  });

  test("stores nothing more, and shows none of what it tells afterwards", async () => {
    const { executionId, settle, storeEgress, storePack, place, read } = await runnerOf();
    expect((await settle(unproven)).status).toBe(200);
    // As another instance takes it, which has seen it run a moment ago.
    const told = { v: 1, firstSequence: 1, lastSequence: 1, cut: 0, expireAt: new Date(2e12) };
    const { attempts } = egressFrom(1);
    await place
      .collection("egress")
      .doc("000000000001")
      .create({ ...told, attempts });
    expect((await read("/egress")).json).toMatchObject({ total_count: 0, data: [] });
    expect([(await storeEgress(2)).status, (await storePack()).status]).toEqual([409, 409]);
    expect((await executionOf(owner, executionId)).hasStored).toBe(false);
  });
});
