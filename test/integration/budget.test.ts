/** What may be spent: a prediction matches what happens. */
import { beforeAll, describe, expect, test } from "vitest";
import { expectBalanced } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { passMidnight } from "../kit/midnight.ts";
import { budgetOf, setBalance, setLimits, setOwnerLimits } from "../kit/owner-limits.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { auditOf } from "../kit/store.ts";

async function narrowKey(owner: TestOwner, bounds: object): Promise<string> {
  const made = await send("/v1/keys", { key: owner.key, body: { name: "narrow", ...bounds } });
  expect(made.status, made.text).toBe(201);
  return made.json.key;
}

describe("F17 can-execute asks what a start asks", () => {
  let owner: TestOwner;
  let environmentId: string;
  let required: number;
  const micro = 1e-6;

  /** Asks, then starts for real; both must give the same answer. */
  async function compare(key: string): Promise<{ code: string | null }> {
    const threadId = await newThread(owner.key, { environmentId });
    const said = (await send(`/v1/budget/can-execute?environmentId=${environmentId}`, { key }))
      .json;
    const { answer } = await runScript(key, threadId, "true");
    const met = answer.status === 200 ? null : answer.json.code;
    expect({ canExecute: said.canExecute, code: said.code }).toEqual({
      canExecute: met === null,
      code: met,
    });
    return { code: met };
  }

  beforeAll(async () => {
    owner = await newOwner({ creditUsd: 1 });
    environmentId = await newEnvironment(owner.key, { computeProfile: "lite" });
    const path = `/v1/budget/can-execute?environmentId=${environmentId}`;
    ({ required } = (await send(path, { key: owner.key })).json);
    expect(required).toBeGreaterThan(0);
  });

  test("of the balance, to the micro-dollar", async () => {
    for (const [above, code] of [
      [-required, "INSUFFICIENT_BUDGET"],
      [-micro, "INSUFFICIENT_BUDGET"],
      [0, null],
    ] as const) {
      await setBalance(owner, required + above);
      expect(await compare(owner.key)).toEqual({ code });
    }
  });

  test.runIf(isTurn(0, 2))("of the daily and the monthly limit, and of a key's own", async () => {
    await setBalance(owner, 1);
    const { dailySpent } = await budgetOf(owner);
    for (const [limits, code] of [
      [{ dailyLimit: dailySpent + required - micro }, "BUDGET_LIMIT_DAILY"],
      [{ dailyLimit: null, monthlyLimit: dailySpent + required - micro }, "BUDGET_LIMIT_MONTHLY"],
      [{ monthlyLimit: dailySpent + required }, null],
    ] as const) {
      expect((await setLimits(owner, limits)).status).toBe(200);
      expect(await compare(owner.key)).toEqual({ code });
    }
    await setLimits(owner, { monthlyLimit: null });
    const key = await narrowKey(owner, { maxCostPerExecution: required - micro });
    expect(await compare(key)).toEqual({ code: "BUDGET_LIMIT_KEY" });
  });

  test("of executions per key, and of what the key may do", async () => {
    await setOwnerLimits(owner, { executions: { executionsMax: 1 } });
    expect(await compare(owner.key)).toEqual({ code: "RATE_LIMITED" });
    const key = await narrowKey(owner, { scopes: ["billing:read"] });
    expect(await compare(key)).toEqual({ code: "FORBIDDEN" });
    await expectBalanced(owner);
  });
});

describe("BUD-2 a cap that is met", () => {
  test.each(["dailyLimit", "monthlyLimit"])(
    "answers 402 for %s with all there is to know",
    async (cap) => {
      await passMidnight(10_000);
      const owner = await newOwner({ creditUsd: 1 });
      const threadId = await newThread(owner.key);
      expect((await setLimits(owner, { [cap]: 0.001 })).status).toBe(200);
      const { answer } = await runScript(owner.key, threadId, "true");
      const now = new Date();
      const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
      const resetsAt =
        cap === "dailyLimit" ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1);
      const budgetStatus = {
        balance: 1,
        dailyLimit: null,
        dailySpent: 0,
        monthlyLimit: null,
        monthlySpent: 0,
        [cap]: 0.001,
      };
      expect(answer.status).toBe(402);
      expect(answer.json).toMatchObject({
        error: "Payment Required",
        code: cap === "dailyLimit" ? "BUDGET_LIMIT_DAILY" : "BUDGET_LIMIT_MONTHLY",
        limit: 0.001,
        spent: 0,
        held: 0,
        required: expect.any(Number),
        resetsAt: new Date(resetsAt).toISOString(),
        budgetStatus,
        details: budgetStatus,
      });
    },
  );

  test("can be lowered below what is spent, lifted, and set by nobody without account:write", async () => {
    const owner = await newOwner({ creditUsd: 1 });
    const key = await narrowKey(owner, { scopes: ["billing:read", "execute"] });
    const refused = await send("/v1/budget/limits", {
      method: "PUT",
      key,
      body: { dailyLimit: 1 },
    });
    expect(refused).toMatchObject({ status: 403, json: { code: "FORBIDDEN" } });
    for (const body of [{}, { dailyLimit: -1 }, { dailyLimit: "1" }, { monthlyLimit: 1e9 }]) {
      expect((await setLimits(owner, body)).json).toMatchObject({ code: "VALIDATION_FAILED" });
    }
    expect((await setLimits(owner, { dailyLimit: 0, monthlyLimit: 2 })).json).toMatchObject({
      userId: owner.id,
      dailyLimit: 0,
      monthlyLimit: 2,
    });
    expect((await setLimits(owner, { dailyLimit: null })).json).toMatchObject({
      dailyLimit: null,
      monthlyLimit: 2,
    });
    const changes = (await auditOf(owner.id)).filter(
      ({ action }) => action === "budget.limits_changed",
    );
    expect(changes.map(({ facts }) => facts.dailyLimitMicrousd)).toEqual([0, null]);
  });
});

describe("INC-4 an operator's cap of spending", () => {
  test("isn't lifted by the account's keys, which may set a lower one", async () => {
    const owner = await newOwner({ creditUsd: 1 });
    const threadId = await newThread(owner.key);
    await setOwnerLimits(owner, { dailyLimit: 0, monthlyLimit: 3 });
    expect((await setLimits(owner, { dailyLimit: null, monthlyLimit: 2 })).json).toMatchObject({
      dailyLimit: 0,
      monthlyLimit: 2,
    });
    const refused = await send(`/v1/threads/${threadId}/messages`, {
      key: owner.key,
      body: { content: "true" },
    });
    expect(refused).toMatchObject({ status: 402, json: { code: "BUDGET_LIMIT_DAILY" } });
    const preferences = await send("/v1/billing/preferences", {
      key: owner.key,
      method: "PATCH",
      body: { monthlyResourceSpendLimit: null },
    });
    expect(preferences.status).toBe(200);
    await setOwnerLimits(owner, { dailyLimit: null });
    expect((await setLimits(owner, { dailyLimit: null })).json).toMatchObject({
      dailyLimit: null,
      monthlyLimit: 3,
    });
  });
});

describe("BUD-8 an estimate", () => {
  /** The cheapest and the most expensive profile. */
  const profiles = ["lite", "desktop"];
  const wallClockMs = 3_000;

  test.runIf(isTurn(1, 2))("bounds what is charged, up to the time limit", async () => {
    const owner = await newOwner({ creditUsd: 1 });
    await setOwnerLimits(owner, { executions: { wallClockMs } });
    const costs = await Promise.all(
      profiles.map(async (computeProfile) => {
        const environmentId = await newEnvironment(owner.key, { computeProfile });
        const asked = await send("/v1/budget/estimate", {
          key: owner.key,
          body: { environmentId },
        });
        const { estimate, affordable } = asked.json;
        expect(estimate).toMatchObject({ environmentId, computeProfile, timeLimitMs: wallClockMs });
        expect(affordable).toBe(true);
        const threadId = await newThread(owner.key, { environmentId });
        const { run } = await runScript(owner.key, threadId, "sleep 20");
        const path = `/v1/executions/${run.id}`;
        const { cost, reason } = (await send(path, { key: owner.key })).json.execution;
        expect({ computeProfile, reason }).toEqual({ computeProfile, reason: "time_limit" });
        return { cost, maxCost: estimate.maxCost };
      }),
    );
    for (const { cost, maxCost } of costs) {
      expect(cost).toBeLessThanOrEqual(maxCost);
      expect(cost).toBeGreaterThan(maxCost * 0.9);
    }
  });

  test("affordable means admitted, and is said to the micro-dollar", async () => {
    const owner = await newOwner({ creditUsd: 1 });
    const ask = async () =>
      (await send("/v1/budget/estimate", { key: owner.key, body: { computeProfile: "power" } }))
        .json;
    const { maxCost, initialHold } = (await ask()).estimate;
    expect(initialHold).toBeLessThan(maxCost);
    await setBalance(owner, maxCost);
    expect(await ask()).toMatchObject({ affordable: true, canExecute: true, code: null });
    await setBalance(owner, maxCost - 1e-6);
    expect(await ask()).toMatchObject({ affordable: false, canExecute: true });
    await setBalance(owner, initialHold - 1e-6);
    expect(await ask()).toMatchObject({ canExecute: false, code: "INSUFFICIENT_BUDGET" });
  });

  test("on an environment of somebody else is 404", async () => {
    const [owner, other] = await Promise.all([newOwner(), newOwner()]);
    const environmentId = await newEnvironment(other.key);
    const asked = await send("/v1/budget/estimate", { key: owner.key, body: { environmentId } });
    expect(asked).toMatchObject({ status: 404, json: { code: "NOT_FOUND" } });
  });
});
