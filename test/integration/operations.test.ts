/**
 * Reads, writes and round trips per request, counted on real calls by the proxies before Firestore.
 * They are compared exactly; `docs/operations.md` is what was measured.
 */
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { executionOf } from "../kit/assert-settled.ts";
import { newOwnerId, plantRows, sequence } from "../kit/audit-trail.ts";
import { prepareBeat, sendBeat } from "../kit/beat.ts";
import { send } from "../kit/client.ts";
import { operationsOf, resetOperations, until } from "../kit/cloud.ts";
import { type Budget, leastOf, leastParts, minus } from "../kit/least-cost.ts";
import * as operations from "../kit/measured-requests.ts";
import { printOperations } from "../kit/operations-page.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { plantExecution } from "../kit/plant-execution.ts";
import { plantThreads } from "../kit/plant-threads.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { firestore } from "../kit/store.ts";
import { newTrailReader } from "../kit/trail-reader.ts";

const { counted, expectAtMost, hold, soFar } = operations;
let owner: TestOwner;
let agentId: string;
let environmentId: string;

const writesOfStart = 8;
const writesOfClaim = 2;

/** After this a key's entry is too old to be used without a read. */
const keyStaleMs = 1_100;

const batchCost = (batches: number): Budget => ({ reads: 0, writes: batches, roundTrips: batches });

/** How many batches an execution's events were stored in. */
async function eventBatches(executionId: string): Promise<number> {
  const batches = firestore().collection(`owners/${owner.id}/executions/${executionId}/events`);
  return (await batches.count().get()).data().count;
}

/** A listener may report a commit before the commit's own answer has been counted. */
async function untilFirstBatch(): Promise<Budget> {
  return await until("the first batch's write", async () => {
    const cost = await soFar("runner-gateway");
    return cost.writes > writesOfClaim && cost;
  });
}

/** What one execution costs, by its steps. */
async function executeOnce() {
  const threadId = await newThread(owner.key, { environmentId, agentId });
  // An agent's last run is written once a minute; the other starts are what is measured.
  await firestore().doc(`owners/${owner.id}/agents/${agentId}`).update({ lastRunAt: Date.now() });
  await setTimeout(keyStaleMs);
  await resetOperations();
  let claimed: Promise<Budget> | undefined;
  // It is silent at first, so that the cost of the claim can be told from the rest.
  const running = runScript(owner.key, threadId, "sleep 1.5", {
    onText: (text) => {
      if (text.includes("tool_call")) claimed ??= untilFirstBatch();
    },
  });
  // The start's last write is the job's name, long before the container prints anything.
  const start = await until("the start's last write", async () => {
    const cost = await soFar("threads");
    return cost.writes >= writesOfStart && cost;
  });
  const { run } = await running;
  expect(run.status).toBe("success");
  const claim = await claimed;
  if (!claim) throw new Error("nothing was claimed");
  const threads = await soFar("threads");
  const settled = await soFar("runner-gateway");
  // All batches but the first one and the end of the log, which the settlement writes.
  const later = (await eventBatches(run.id)) - 2;
  return {
    start,
    end: minus(threads, start),
    // The first event was stored too: one write, one trip.
    claim: minus(claim, batchCost(1)),
    settle: minus(minus(settled, claim), batchCost(later)),
  };
}

/** What a reader costs that joins a running execution's stream. */
async function readAlongOnce(): Promise<Budget> {
  const threadId = await newThread(owner.key, { environmentId });
  let joined: Promise<unknown> | undefined;
  const { run } = await runScript(owner.key, threadId, "echo one; sleep 1; echo two", {
    onText: (text) => {
      const id = /"run":\{"id":"(run_[\w-]{21})"/.exec(text)?.[1];
      if (!id || !text.includes("one\\n")) return;
      joined ??= resetOperations().then(() =>
        send(`/v1/executions/${id}/events?after=2`, { key: owner.key }),
      );
    },
  });
  await joined;
  const { listenReads } = await operationsOf("executions");
  expect(listenReads).toBeLessThanOrEqual(await eventBatches(run.id));
  return await soFar("executions");
}

const nothing = { reads: 0, writes: 0, roundTrips: 0 };

describe("operations per request", { timeout: 600_000 }, () => {
  beforeAll(async () => {
    owner = await newOwner();
    environmentId = await newEnvironment(owner.key, {
      secrets: [{ key: "TOKEN", value: "a secret of some length" }],
    });
    const made = await send("/v1/agents", { key: owner.key, body: { name: "a", model: "shell" } });
    agentId = made.json.agent.id;
  });

  test("refused: forged key", async () => {
    const key = `tb_dev_${"0".repeat(64)}`;
    const refused = () => counted("agents", () => send("/v1/agents", { key }));
    // The use of the key before it may be recorded meanwhile.
    hold("refused: forged key", await leastOf(refused, nothing), nothing);
  });

  test("refused: malformed URL", async () => {
    const path = "/v1/agents/%E0%A4%A";
    const { key } = owner;
    const refused = () => counted("agents", () => send(path, { key }));
    hold("refused: malformed", await leastOf(refused, nothing), nothing);
  });

  test("read of one resource, key read less than a second ago", async () => {
    const read = () => send(`/v1/agents/${agentId}`, { key: owner.key });
    await read();
    const most = { reads: 1, writes: 0, roundTrips: 1 };
    const measured = await leastOf(() => counted("agents", read), most);
    hold("read of one resource, key fresh", measured, most);
  });

  test("read of one resource, key read longer ago", async () => {
    const read = () => send(`/v1/agents/${agentId}`, { key: owner.key });
    await read();
    const most = { reads: 2, writes: 0, roundTrips: 1 };
    const measured = await leastOf(async () => {
      await setTimeout(keyStaleMs);
      return await counted("agents", read);
    }, most);
    hold("read of one resource, key older", measured, most);
  });

  test("list threads, which are all, or a page of many", async () => {
    const lister = await newOwner();
    const ids = await plantThreads(lister, 1_050);
    const list = async (query: string) => (await send(`/v1/threads?${query}`, lister)).json;
    // The threads and the name of their environment.
    const all = { reads: 51, writes: 0, roundTrips: 2 };
    const whole = await leastOf(() => counted("threads", () => list("offset=1000")), all);
    hold("list of 50 threads, the last ones", whole, all);
    // The thread after them besides; of more than a thousand, the number was counted just now.
    const page = { reads: 52, writes: 0, roundTrips: 2 };
    const first = async () => {
      const { data, has_more: hasMore, total_count: total } = await list("limit=50");
      expect([data.length, hasMore, total]).toEqual([50, true, ids.length]);
    };
    const many = await leastOf(() => counted("threads", first), page);
    hold("list of 50 threads among 1,050", many, page);
  });

  test("start, claim and settle an execution", async () => {
    const most = {
      start: { reads: 5, writes: writesOfStart, roundTrips: 3 },
      // The execution, and pages if the first event came before the listener started, or the last
      // events and the end came together.
      end: { reads: 5, writes: 0, roundTrips: 3 },
      claim: { reads: 3, writes: 2, roundTrips: 2 },
      settle: { reads: 3, writes: 8, roundTrips: 2 },
    };
    const { start, end, claim, settle } = await leastParts(executeOnce, most);
    hold("start an execution", start, most.start);
    expectAtMost(end, most.end);
    hold("claim", claim, most.claim);
    hold("settle", settle, most.settle);
  });

  test("heartbeat, and the one that renews a slice", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const { executionId, over } = await startExecution(owner, threadId, "sleep 30");
    await untilRunning(owner, executionId);
    const mostOfBeat = { reads: 0, writes: 1, roundTrips: 1 };
    const beat = await leastOf(async () => {
      const first = await prepareBeat(owner, executionId, 1_000);
      return await counted("runner-gateway", () => sendBeat(first));
    }, mostOfBeat);
    hold("heartbeat", beat, mostOfBeat);
    const { holdMicrousd: before } = await executionOf(owner, executionId);
    const mostOfRenewal = { reads: 1, writes: 2, roundTrips: 2 };
    let elapsedMs = 0;
    const renewal = await leastOf(async () => {
      elapsedMs += 4 * 60_000;
      const due = await prepareBeat(owner, executionId, elapsedMs);
      return await counted("runner-gateway", () => sendBeat(due));
    }, mostOfRenewal);
    hold("heartbeat that renews a slice", renewal, mostOfRenewal);
    expect((await executionOf(owner, executionId)).holdMicrousd).toBeGreaterThan(before);
    await send(`/v1/threads/${threadId}/cancel`, { key: owner.key, method: "POST" });
    // Its own runner beats every thirty seconds, so the test doesn't wait for it.
    over.catch(() => {});
  });

  test("store a batch of an egress log once, and read it", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const { run } = await runScript(owner.key, threadId, "true");
    const { executionId, remove } = await plantExecution(owner, run.id, { status: "running" });
    const beat = await prepareBeat(owner, executionId, 0);
    const { key, baseUrl } = beat;
    // Sends a heartbeat as its runner does every thirty seconds, so that the gateway knows it runs.
    await sendBeat(beat);
    const attempt = { sequence: 1, at: 1, host: "a.test", port: 443, method: "connect" };
    const came = { verdict: "allowed", rule: null, address: "1.2.3.4", durationMs: 1 };
    const attempts = [{ ...attempt, ...came, sentBytes: 1, receivedBytes: 1 }];
    const body = { attempts, firstSequence: 1, cut: 0 };
    const store = () => send("/internal/executions/egress", { baseUrl, key, body });
    // Stored once only, so there is one sample; it is one call, which can't be split.
    const stored = await counted("runner-gateway", store);
    hold("store a batch of the egress log", stored, {
      reads: 0,
      writes: 1,
      roundTrips: 1,
    });
    expect((await store()).status).toBe(200);
    const read = () => send(`/v1/executions/${executionId}/egress`, { key: owner.key });
    expect((await read()).json).toMatchObject({ total_count: 1, data: [{ host: "a.test" }] });
    // The execution and then its thread, beside both queries.
    const most = { reads: 4, writes: 0, roundTrips: 2 };
    const measured = await leastOf(() => counted("executions", read), most);
    hold("read of an egress log's page", measured, most);
    await remove();
  });

  test("replay a stream: each batch is read once", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const { answer, run } = await runScript(owner.key, threadId, "echo one; sleep 0.3; echo two");
    const batches = await eventBatches(run.id);
    const path = `/v1/executions/${run.id}/events`;
    await send(path, { key: owner.key });
    // Key, execution and its thread, and each batch once, in pages that begin with two and double.
    const pages = Math.ceil(Math.log2(batches / 2 + 1));
    const most = { reads: 3 + batches, writes: 0, roundTrips: 2 + pages };
    const replay = async () => {
      expect((await send(path, { key: owner.key })).text).toBe(answer.text);
    };
    expectAtMost(await leastOf(() => counted("executions", replay), most), most);
    expect((await operationsOf("executions")).listenReads).toBe(0);
  });

  test("read along: nothing is read that the listener brings", async () => {
    // Key, execution and thread, then the listener's documents, and the execution again at its end.
    const most = { reads: 7, writes: 0, roundTrips: 5 };
    expectAtMost(await leastOf(readAlongOnce, most), most);
  });

  test("sequence audit rows: each is read and written once", async () => {
    const rowsCount = 400;
    // What isn't a row is the owner's tree, the map, the log, and the ends of searches.
    const most = { reads: rowsCount + 14, writes: rowsCount + 8, roundTrips: 18 };
    const call = async () => {
      const { json } = await sequence();
      // More, and another sample is taken, if a sweep has changed something meanwhile.
      expect(json.sequenced).toBeGreaterThanOrEqual(rowsCount);
      expect(json.failed).toBe(0);
    };
    await sequence();
    const measured = await leastOf(async () => {
      await plantRows(newOwnerId(), rowsCount);
      return await counted("audit-sequencer", call);
    }, most);
    hold("sequence 400 audit rows of one owner", measured, most);
  });

  test("read and prove an audit trail that says so already", async () => {
    const { rowsCount, list, prove } = await newTrailReader();
    // What was recorded, and each row.
    const page = { reads: 1 + rowsCount, writes: 0, roundTrips: 1 };
    hold("read a page of an audit trail", await leastOf(() => counted("audit", list), page), page);
    // Besides, the row, tree, map, log, epoch and bucket, and the other rows' leaf hashes.
    const proof = { reads: 7 + rowsCount - 1, writes: 0, roundTrips: 5 };
    hold("prove an audit row", await leastOf(() => counted("audit", prove), proof), proof);
  });

  test("are what docs/operations.md says", async () => {
    const page = "docs/operations.md";
    const printed = printOperations(operations.measured());
    if (process.env.PADDOCK_WRITE_DOCS) await writeFile(page, printed);
    expect(await readFile(page, "utf8"), "run: PADDOCK_WRITE_DOCS=1 npm test").toBe(printed);
  });
});
