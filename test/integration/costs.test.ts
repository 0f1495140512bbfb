/** Spending in the public API's forms and units. */
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { send } from "../kit/client.ts";
import { startAsides } from "../kit/function-aside.ts";
import { passMidnight } from "../kit/midnight.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let environmentId: string;
let agentId: string;
let costUsd: number;
/** A charge of yesterday and one of an agent, large enough to show in cents. */
const yesterdayUsd = 0.12;
const agentUsd = 0.07;

async function get(path: string) {
  const [versioned, bare] = await Promise.all([
    send(`/v1${path}`, { key: owner.key }),
    send(path, { key: owner.key }),
  ]);
  expect(versioned.status, versioned.text).toBe(200);
  expect(Object.keys(bare.json)).toEqual(Object.keys(versioned.json));
  return versioned.json;
}

async function charge(usd: number, more: object, payer = owner): Promise<void> {
  const id = `rec_${Math.random().toString(36).slice(2).padEnd(21, "0")}`;
  const amounts = { amountMicrousd: -Math.round(usd * 1e6), lossMicrousd: 0 };
  const none = { executionId: null, threadId: null, keyId: null, description: "" };
  const purposes = { environmentId: null, agentId: null, projectId: null, model: "shell" };
  const line = { v: 1, id, type: "charge", ...amounts, ...none, ...purposes, ...more };
  await firestore().doc(`owners/${payer.id}/ledger/${id}`).set(line);
}

beforeAll(async () => {
  await passMidnight(60_000);
  owner = await newOwner({ creditUsd: 5 });
  environmentId = await newEnvironment(owner.key, { name: "a place" });
  const made = await send("/v1/agents", {
    key: owner.key,
    body: { name: "an agent", model: "shell" },
  });
  agentId = made.json.agent.id;
  const threadId = await newThread(owner.key, { environmentId, agentId, projectId: "proj_one" });
  const { run } = await runScript(owner.key, threadId, "echo hello > file.txt");
  const { execution } = (await send(`/v1/executions/${run.id}`, { key: owner.key })).json;
  costUsd = execution.cost;
  // Writes lines as settling does, because the real way would take a day.
  const yesterday = Date.now() - 86_400_000;
  const account = firestore().doc(`owners/${owner.id}/account/budget`);
  await account.update({ createdAt: yesterday });
  await charge(yesterdayUsd, { createdAt: yesterday });
  await charge(agentUsd, { agentId, environmentId, createdAt: Date.now() });
});

const micro = (usd: number) => Math.round(usd * 1e6) / 1e6;
const today = () => new Date().toISOString().slice(0, 10);

describe("costs", () => {
  test("in all and by day are in cents, and exact in dollars beside them", async () => {
    const summary = await get("/costs/summary?period=all");
    expect(summary.totals).toMatchObject({
      totalCost: 19,
      totalCT: 19,
      environmentCT: 19,
      agentCT: 0,
      mcpCT: 0,
      totalThreads: 1,
      totalCostUsd: micro(costUsd + yesterdayUsd + agentUsd),
    });
    expect(summary.byDay).toMatchObject([
      { totalCT: 12, threadCount: 0 },
      { totalCT: 7, threadCount: 1 },
    ]);
    expect((await get("/costs/summary?period=day")).totals.totalCT).toBe(7);
    const none = await get("/costs/summary?startDate=2020-01-01&endDate=2020-01-31");
    expect(none).toMatchObject({ totals: { totalCost: 0 }, byDay: [] });
  });

  test("by environment, agent and source add up to the whole", async () => {
    const by = async (what: string) => await get(`/costs/breakdown?groupBy=${what}&period=all`);
    expect((await by("environment")).environments).toMatchObject([
      { id: environmentId, name: "a place", totalCT: 7, threadCount: 1 },
      { id: "none", totalCT: 12, threadCount: 0 },
    ]);
    expect((await by("agent")).agents).toMatchObject([
      { id: agentId, name: "an agent", totalCT: 7, threadCount: 1 },
      { id: "none", totalCT: 12 },
    ]);
    // The lines above say no source.
    expect((await by("source")).sources).toMatchObject([
      { id: "api", name: "API", totalCT: 0, threadCount: 1 },
      { id: "none", totalCT: 19, threadCount: 0 },
    ]);
  });

  test("of threads are listed dearest first, and filtered", async () => {
    await newThread(owner.key);
    for (const sortBy of ["totalCost", "agentCost", "environmentCost", "createdAt", "duration"]) {
      const path = `/costs/threads?sortBy=${sortBy}&order=desc&startDate=${today()}`;
      expect((await get(path)).data).toHaveLength(2);
    }
    const dearest = await get("/costs/threads?sortBy=totalCost&order=desc&limit=1");
    expect(dearest).toMatchObject({ object: "list", has_more: true, total_count: 2 });
    expect(dearest.data[0]).toMatchObject({ agentId, totalCost: 0, totalCostUsd: costUsd });
    expect(dearest.stats).toMatchObject({ totalThreads: 2 });
    const cheapest = await get("/costs/threads?sortBy=totalCost&order=asc&limit=1");
    expect(cheapest.data[0].totalCostUsd).toBe(0);
    const filtered = `agentId=${agentId}&environmentId=${environmentId}`;
    expect((await get(`/costs/threads?sortBy=duration&${filtered}`)).total_count).toBe(1);
  });

  test("have no tokens where no model counts any", async () => {
    const { totals, byDay } = await get("/costs/performance/tokens?period=week");
    expect(totals).toEqual({ inputTokens: 0, outputTokens: 0, cacheTokens: 0, totalTokens: 0 });
    expect(byDay.at(-1).date).toBe(today());
  });

  test.runIf(isTurn(0, 2))(
    "TEN-2 of a year by day are a few questions to the database, and none is left out",
    async () => {
      const old = await newOwner({ creditUsd: 0 });
      const [dayMs, days] = [86_400_000, 366];
      const createdAt = Date.now() - days * dayMs;
      await firestore().doc(`owners/${old.id}/account/budget`).update({ createdAt });
      for (const ago of [0, 1, 30, 200, 365]) {
        await charge(0.01 * (ago + 1), { createdAt: Date.now() - ago * dayMs }, old);
      }
      const [aside] = await startAsides("billing", 1);
      if (!aside) throw new Error("no process");
      onTestFinished(async () => await aside.stop());
      const { baseUrl, proxy } = aside;
      const counted = async (path: string) => {
        proxy.reset();
        const { json } = await send(path, { key: old.key, baseUrl });
        return { json, calls: proxy.counters().calls };
      };
      const { json, calls } = await counted("/v1/costs/summary?period=all");
      const costs = (json.byDay as { totalCT: number }[]).map(({ totalCT }) => totalCT);
      expect(costs).toHaveLength(days);
      expect(costs.reduce((sum, cost) => sum + cost, 0)).toBe(1 + 2 + 31 + 201 + 366);
      expect([costs.at(-1), costs.at(-2), costs.at(-31), costs.at(-201), costs[0]]).toEqual([
        ...[1, 2, 31, 201, 366],
      ]);
      expect(calls).toBeLessThanOrEqual(12);
      for (const path of ["budget/history?days=92", "billing/daily?days=92"]) {
        expect((await counted(`/v1/${path}`)).calls).toBeLessThanOrEqual(8);
      }
      expect((await counted("/v1/costs/performance/tokens?period=all")).calls).toBeLessThanOrEqual(
        8,
      );
    },
  );

  test.each([
    "/v1/costs/summary?period=decade",
    "/v1/costs/summary?startDate=2026-02-30",
    "/v1/costs/summary?startDate=2026-02-02&endDate=2026-02-01",
    "/v1/costs/breakdown?groupBy=owner",
    "/v1/costs/threads?limit=101",
    "/v1/costs/threads?agentId=nobody",
    "/v1/billing/daily?days=93",
    "/v1/budget/history?days=0",
    "/v1/billing/records?since=yesterday",
  ])("%s is refused with a sentence", async (path) => {
    const { status, json } = await send(path, { key: owner.key });
    expect({ status, code: json.code }).toEqual({ status: 400, code: "VALIDATION_FAILED" });
  });
});

describe("billing", () => {
  test("is in dollars", async () => {
    const whole = micro(costUsd + agentUsd);
    const { days } = await get("/billing/daily");
    expect(days).toMatchObject([
      { cost: yesterdayUsd, runs: 1, tokens: 0 },
      { date: today(), cost: whole, runs: 2, tokens: 0 },
    ]);
    expect(await get("/billing/summary")).toMatchObject({
      totalSpent: expect.any(Number),
      tokenCount: 0,
    });
    const { stats } = await get("/billing/stats?period=day&breakdown=project");
    expect(stats).toMatchObject({ totalCost: whole, totalRuns: 2, totalTokens: 0 });
    expect(stats.breakdown).toEqual({
      proj_one: { cost: costUsd, tokens: 0, runs: 1 },
      none: { cost: agentUsd, tokens: 0, runs: 1 },
    });
    const models = (await get("/billing/stats?period=day&breakdown=model")).stats.breakdown;
    expect(models).toEqual({ shell: { cost: whole, tokens: 0, runs: 2 } });
    expect((await get("/billing/account")).account).toMatchObject({
      apiKeyId: owner.keyId,
      type: "standard",
      status: "active",
      currentBalance: micro(5 - costUsd),
    });
    expect(await get("/billing/budget")).toMatchObject({ totalSpent: costUsd, dailyLimit: null });
  });

  test("lists the ledger as records and as transactions, which lower the balance", async () => {
    const records = await get(`/billing/records?from=${today()}&type=execution`);
    expect(records).toMatchObject({ object: "list", total_count: 2 });
    const { transactions, pagination } = await get("/billing/transactions?type=charge&limit=1");
    expect(pagination).toEqual({ total: 3, limit: 1, offset: 0 });
    expect(transactions).toHaveLength(1);
    expect(transactions[0].amount).toBeLessThan(0);
  });

  test("counts what workspaces store", async () => {
    const { workspaces, total } = await get("/billing/usage/workspace");
    const stored = {
      projectId: environmentId,
      projectName: "a place",
      storageBytes: 6,
      fileCount: 1,
    };
    expect(workspaces).toContainEqual(expect.objectContaining(stored));
    expect(total.storageBytes).toBe(6);
    expect(total.projectCount).toBe(workspaces.length);
  });

  test("takes no payments, and nobody credits themselves", async () => {
    const { key } = owner;
    const before = (await send("/v1/budget", { key })).json.balance;
    for (const path of ["/v1/budget/increase", "/v1/billing/budget/increase"]) {
      const increased = await send(path, { key, body: { amount: 10 } });
      expect(increased).toMatchObject({ status: 422, json: { code: "PAYMENTS_NOT_OFFERED" } });
    }
    const checkout = await send("/v1/budget/checkout", { key, body: { variantId: "1" } });
    expect(checkout).toMatchObject({ status: 422, json: { code: "PAYMENTS_NOT_OFFERED" } });
    expect(await get("/budget/topup-options")).toEqual({ options: [] });
    expect(await get("/budget/payment-status")).toEqual({ configured: false, pendingPayments: 0 });
    const usage = { serverType: "deep_research", referenceId: "x" };
    const noted = await send("/v1/billing/mcp-usage", { key, body: usage });
    expect(noted.json).toEqual({ recorded: false, amount: 0 });
    expect((await send("/v1/budget", { key })).json.balance).toBe(before);
  });

  test.each([
    { pauseOnLimit: false },
    { usageBillingEnabled: false },
    { resourceEmailAlerts: true },
    { inference: { providerType: "openai" } },
    { alertPercentages: [0] },
    { alertPercentages: [101] },
  ])("preferences that can't be kept are refused: %o", async (body) => {
    const answer = await send("/v1/billing/preferences", { method: "PATCH", key: owner.key, body });
    expect(answer).toMatchObject({ status: 400, json: { code: "VALIDATION_FAILED" } });
  });
});
