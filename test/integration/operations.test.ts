/**
 * Reads, writes and round trips per request, counted on real calls by the proxies before Firestore.
 * They are exact, so they are held exactly: `docs/operations.md` is what was measured.
 */
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prepareBeat, sendBeat } from "../kit/beat.ts";
import { begin, untilRunning } from "../kit/begun.ts";
import { send } from "../kit/client.ts";
import { operationsOf, orderFault, resetOperations } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { plantExecution } from "../kit/plant-execution.ts";
import { executionOf } from "../kit/settled.ts";
import { firestore } from "../kit/store.ts";

interface Budget {
  readonly reads: number;
  readonly writes: number;
  readonly roundTrips: number;
}
interface Row extends Budget {
  readonly request: string;
  readonly budget: string;
}

const page = "docs/operations.md";
const rows = new Map<string, Row>();
let owner: TestOwner;
let agentId: string;
let environmentId: string;

const measuredFunctions = ["agents", "executions", "runner-gateway", "threads"] as const;
const databaseAwayMs = 80;

/** Long enough for a key's entry to be too old to be used unread. */
const keyStaleMs = 1_100;

async function counted(name: string, request: () => Promise<unknown>): Promise<Budget> {
  await resetOperations();
  await request();
  const { reads, writes, roundTrips } = await operationsOf(name);
  return { reads, writes, roundTrips };
}

function hold(request: string, measured: Budget, most: Budget): void {
  const { reads, writes, roundTrips } = most;
  rows.set(request, { request, ...measured, budget: `${reads} / ${writes} / ${roundTrips}` });
  expectAtMost(measured, most);
}

function expectAtMost(measured: Budget, { reads, writes, roundTrips }: Budget): void {
  expect(measured.reads, "reads").toBeLessThanOrEqual(reads);
  expect(measured.writes, "writes").toBeLessThanOrEqual(writes);
  expect(measured.roundTrips, "round trips").toBeLessThanOrEqual(roundTrips);
}

async function soFar(name: string): Promise<Budget> {
  const { reads, writes, roundTrips } = await operationsOf(name);
  return { reads, writes, roundTrips };
}

/** How many batches an execution's events were stored in. */
async function eventBatches(executionId: string): Promise<number> {
  const batches = firestore().collection(`owners/${owner.id}/executions/${executionId}/events`);
  return (await batches.count().get()).data().count;
}

/**
 * Calls that are sent together are one round trip because they overlap. The emulator answers within
 * a millisecond, and on a busy machine the first is answered before the second has been sent: with
 * a database as far away as the real one they overlap on any machine.
 */
async function answerSlowly(): Promise<void> {
  const fault = { kind: "delay", delayMs: databaseAwayMs } as const;
  for (const name of measuredFunctions) {
    for (const method of ["BatchGetDocuments", "RunQuery", "RunAggregationQuery", "Commit"]) {
      await orderFault(name, { method, fault, calls: 1_000 });
    }
  }
}

const nothing = { reads: 0, writes: 0, roundTrips: 0 };

describe("operations per request", () => {
  beforeAll(async () => {
    await answerSlowly();
    owner = await newOwner();
    environmentId = await newEnvironment(owner.key, {
      secrets: [{ key: "TOKEN", value: "a secret of some length" }],
    });
    const made = await send("/v1/agents", { key: owner.key, body: { name: "a", model: "shell" } });
    agentId = made.json.agent.id;
  });
  afterAll(async () => {
    for (const name of measuredFunctions) await orderFault(name, null);
  });

  test("refused: forged key", async () => {
    const key = `tb_dev_${"0".repeat(64)}`;
    hold(
      "refused: forged key",
      await counted("agents", () => send("/v1/agents", { key })),
      nothing,
    );
  });

  test("refused: malformed URL", async () => {
    const path = "/v1/agents/%E0%A4%A";
    const { key } = owner;
    hold("refused: malformed", await counted("agents", () => send(path, { key })), nothing);
  });

  test("read of one resource, key read less than a second ago", async () => {
    const read = () => send(`/v1/agents/${agentId}`, { key: owner.key });
    await read();
    const measured = await counted("agents", read);
    hold("read of one resource, key fresh", measured, { reads: 1, writes: 0, roundTrips: 1 });
  });

  test("read of one resource, key read longer ago", async () => {
    const read = () => send(`/v1/agents/${agentId}`, { key: owner.key });
    await read();
    await setTimeout(keyStaleMs);
    const measured = await counted("agents", read);
    hold("read of one resource, key older", measured, { reads: 2, writes: 0, roundTrips: 1 });
  });

  test("start, claim and settle an execution", async () => {
    const threadId = await newThread(owner.key, { environmentId, agentId });
    await setTimeout(keyStaleMs);
    await resetOperations();
    let claimed: Promise<readonly [Budget, Budget]> | undefined;
    // It waits in silence, so that what the claim cost can be told from what follows.
    const { run } = await runScript(owner.key, threadId, "sleep 1.5", {
      onText: (text) => {
        if (!text.includes("tool_call")) return;
        claimed ??= Promise.all([soFar("threads"), soFar("runner-gateway")]);
      },
    });
    expect(run.status).toBe("success");
    const [start, claim] = (await claimed) ?? [];
    if (!start || !claim) throw new Error("nothing was claimed");
    hold("start an execution", start, { reads: 5, writes: 6, roundTrips: 3 });
    const threads = await soFar("threads");
    const end = {
      reads: threads.reads - start.reads,
      writes: threads.writes - start.writes,
      roundTrips: threads.roundTrips - start.roundTrips,
    };
    // The execution; and a page, should the last events and the end have come as one.
    expectAtMost(end, { reads: 4, writes: 0, roundTrips: 2 });
    // The first event was stored too: one write, one trip.
    const alone = { ...claim, writes: claim.writes - 1, roundTrips: claim.roundTrips - 1 };
    hold("claim", alone, { reads: 3, writes: 2, roundTrips: 2 });
    const settled = await soFar("runner-gateway");
    // Beside the first batch and the end of the log, which is a write of the settlement.
    const later = (await eventBatches(run.id)) - 2;
    const settle = {
      reads: settled.reads - claim.reads,
      writes: settled.writes - claim.writes - later,
      roundTrips: settled.roundTrips - claim.roundTrips - later,
    };
    hold("settle", settle, { reads: 3, writes: 8, roundTrips: 2 });
  });

  test("heartbeat, and the one that renews a slice", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const { executionId, over } = await begin(owner, threadId, "sleep 30");
    await untilRunning(owner, executionId);
    const first = await prepareBeat(owner, executionId, 1_000);
    const beat = await counted("runner-gateway", () => sendBeat(first));
    hold("heartbeat", beat, { reads: 0, writes: 1, roundTrips: 1 });
    const { holdMicrousd: before } = await executionOf(owner, executionId);
    const due = await prepareBeat(owner, executionId, 4 * 60_000);
    const renewal = await counted("runner-gateway", () => sendBeat(due));
    hold("heartbeat that renews a slice", renewal, { reads: 1, writes: 2, roundTrips: 2 });
    expect((await executionOf(owner, executionId)).holdMicrousd).toBeGreaterThan(before);
    await send(`/v1/threads/${threadId}/cancel`, { key: owner.key, method: "POST" });
    // Its own runner beats every thirty seconds: it isn't waited for.
    over.catch(() => {});
  });

  test("store a batch of an egress log once, and read it", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const { run } = await runScript(owner.key, threadId, "true");
    const { executionId, remove } = await plantExecution(owner, run.id, { status: "running" });
    const beat = await prepareBeat(owner, executionId, 0);
    const { key, baseUrl } = beat;
    // As its runner does every thirty seconds: then the gateway knows that it runs.
    await sendBeat(beat);
    const attempt = { sequence: 1, at: 1, host: "a.test", port: 443, method: "connect" };
    const came = { verdict: "allowed", rule: null, address: "1.2.3.4", durationMs: 1 };
    const attempts = [{ ...attempt, ...came, sentBytes: 1, receivedBytes: 1 }];
    const body = { attempts, firstSequence: 1, cut: 0 };
    const store = () => send("/internal/executions/egress", { baseUrl, key, body });
    const stored = await counted("runner-gateway", store);
    hold("store a batch of the egress log", stored, { reads: 0, writes: 1, roundTrips: 1 });
    expect((await store()).status).toBe(200);
    const read = () => send(`/v1/executions/${executionId}/egress`, { key: owner.key });
    expect((await read()).json).toMatchObject({ total_count: 1, data: [{ host: "a.test" }] });
    const measured = await counted("executions", read);
    hold("read of an egress log's page", measured, { reads: 3, writes: 0, roundTrips: 1 });
    await remove();
  });

  test("replay a stream: each batch is read once", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const { answer, run } = await runScript(owner.key, threadId, "echo one; sleep 0.3; echo two");
    const batches = await eventBatches(run.id);
    const path = `/v1/executions/${run.id}/events`;
    await send(path, { key: owner.key });
    await setTimeout(keyStaleMs);
    const measured = await counted("executions", async () => {
      expect((await send(path, { key: owner.key })).text).toBe(answer.text);
    });
    // Key and execution, and each batch once, in pages that begin with two and double.
    const pages = Math.ceil(Math.log2(batches / 2 + 1));
    expectAtMost(measured, { reads: 2 + batches, writes: 0, roundTrips: 1 + pages });
    expect((await operationsOf("executions")).listenReads).toBe(0);
  });

  test("read along: nothing is read that the listener brings", async () => {
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
    // Key and execution, then what the listener brings, and the execution again when it has ended.
    expectAtMost(await soFar("executions"), { reads: 6, writes: 0, roundTrips: 4 });
    const { listenReads } = await operationsOf("executions");
    expect(listenReads).toBeLessThanOrEqual(await eventBatches(run.id));
  });

  test("are what docs/operations.md says", async () => {
    const printed = print([...rows.values()]);
    if (process.env.PADDOCK_WRITE_DOCS) await writeFile(page, printed);
    expect(await readFile(page, "utf8"), "run: PADDOCK_WRITE_DOCS=1 npm test").toBe(printed);
  });
});

function print(measured: readonly Row[]): string {
  const lines = measured.map(
    ({ request, reads, writes, roundTrips, budget }) =>
      `| ${request} | ${reads} | ${writes} | ${roundTrips} | ${budget} |`,
  );
  return `# Operations per request

Measured on real calls by the proxies that stand before Firestore, and held by
\`test/integration/operations.test.ts\`: reads, writes, and round trips (calls that wait for one
another; what overlaps counts once). The last column is the most that the design allows.

| request | reads | writes | round trips | at most |
|---|---|---|---|---|
${lines.join("\n")}

A stream of an execution that runs costs a read per batch of events, which its listener brings, one
every 30 s, and one at the end; each reader that joins, and each page of one that is behind, as many
as there are batches to catch up with. A replay costs as many, and needs no listener. While anybody
reads along there is a write a minute, however many read.
`;
}
