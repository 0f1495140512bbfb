/**
 * Reads, writes and round trips per request, counted on real calls by the proxies before Firestore.
 * They are exact, so they are held exactly: `docs/operations.md` is what was measured.
 */
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { operationsOf, resetOperations } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
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
const rows: Row[] = [];
let owner: TestOwner;
let agentId: string;
let environmentId: string;

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
  rows.push({ request, ...measured, budget: `${reads} / ${writes} / ${roundTrips}` });
  expect(measured.reads, "reads").toBeLessThanOrEqual(reads);
  expect(measured.writes, "writes").toBeLessThanOrEqual(writes);
  expect(measured.roundTrips, "round trips").toBeLessThanOrEqual(roundTrips);
}

async function gatewayOperations(): Promise<Budget> {
  const { reads, writes, roundTrips } = await operationsOf("runner-gateway");
  return { reads, writes, roundTrips };
}

/** How many batches an execution's events were stored in. */
async function eventBatches(executionId: string): Promise<number> {
  const batches = firestore().collection(`owners/${owner.id}/executions/${executionId}/events`);
  return (await batches.count().get()).data().count;
}

const nothing = { reads: 0, writes: 0, roundTrips: 0 };

describe("operations per request", () => {
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
    let claimed: Promise<Budget> | undefined;
    // It waits in silence, so that what the claim cost can be told from what follows.
    const { run } = await runScript(owner.key, threadId, "sleep 1.5", {
      onText: (text) => {
        if (text.includes("tool_call")) claimed ??= gatewayOperations();
      },
    });
    expect(run.status).toBe("success");
    const { reads, writes, roundTrips } = await operationsOf("threads");
    hold(
      "start an execution",
      { reads, writes, roundTrips },
      { reads: 5, writes: 6, roundTrips: 3 },
    );
    const claim = await claimed;
    if (!claim) throw new Error("nothing was claimed");
    // The first event was stored too: one write, one trip.
    const alone = { ...claim, writes: claim.writes - 1, roundTrips: claim.roundTrips - 1 };
    hold("claim", alone, { reads: 3, writes: 2, roundTrips: 2 });
    const settled = await gatewayOperations();
    const later = (await eventBatches(run.id)) - 1;
    const settle = {
      reads: settled.reads - claim.reads,
      writes: settled.writes - claim.writes - later,
      roundTrips: settled.roundTrips - claim.roundTrips - later,
    };
    hold("settle", settle, { reads: 3, writes: 8, roundTrips: 2 });
  });

  test("are what docs/operations.md says", async () => {
    const printed = print(rows);
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
`;
}
