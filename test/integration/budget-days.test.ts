import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { cloud } from "../kit/cloud.ts";
import { startAsides } from "../kit/function-aside.ts";
import { wholeLines } from "../kit/log-lines.ts";
import { passMidnight } from "../kit/midnight.ts";
import { budgetOf, setBalance, setLimits, setOwnerLimits } from "../kit/owner-limits.ts";
import { newOwner, newThread, runScript } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { ShiftedClock } from "../kit/shifted-clock.ts";

describe("alerts", () => {
  test("are raised once for each percentage, shown with the budget, and logged", async () => {
    const owner = await newOwner({ creditUsd: 1 });
    const path = "/v1/billing/preferences";
    const changed = await send(path, {
      method: "PATCH",
      key: owner.key,
      body: { alertPercentages: [90, 50, 50], monthlyResourceSpendLimit: 5 },
    });
    expect(changed.json.billing).toMatchObject({
      alertPercentages: [50, 90],
      monthlyResourceSpendLimit: 5,
    });
    for (const balance of [0.5, 0.4, 0.1, 0.05]) await setBalance(owner, balance);
    const { alerts } = await budgetOf(owner);
    expect(alerts).toMatchObject([
      { of: "balance", percent: 90, limit: 1, spent: 0.9 },
      { of: "balance", percent: 50, limit: 1, spent: 0.5 },
    ]);
    const lines = wholeLines(join(cloud().dataFolder, "logs", "admin.jsonl"));
    const logged = lines.filter((line) => line.includes(owner.id));
    const events = logged
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event !== undefined);
    expect(events).toMatchObject([
      { event: "budget.alert", severity: "WARNING", of: "balance", percent: 50 },
      { event: "budget.alert", severity: "WARNING", of: "balance", percent: 90 },
    ]);
  });

  test.runIf(isTurn(0, 2))("tell of a daily limit that executions reach", async () => {
    await passMidnight(30_000);
    const owner = await newOwner({ creditUsd: 1 });
    await setOwnerLimits(owner, { executions: { wallClockMs: 2_000 } });
    const asked = await send("/v1/budget/estimate", { key: owner.key, body: {} });
    await setLimits(owner, { dailyLimit: asked.json.estimate.maxCost });
    const threadId = await newThread(owner.key);
    await runScript(owner.key, threadId, "sleep 20");
    const { alerts, dailySpent, dailyLimit } = await budgetOf(owner);
    expect(dailySpent).toBe(dailyLimit);
    expect(alerts.map((alert: { percent: number }) => alert.percent)).toEqual([100, 80, 50]);
    const { answer } = await runScript(owner.key, threadId, "true");
    expect(answer.json.code).toBe("BUDGET_LIMIT_DAILY");
  });
});

describe("over midnight", () => {
  test.runIf(isTurn(1, 2))(
    "a day begins again, its history stays, and after some days there is a forecast",
    async () => {
      await passMidnight(30_000);
      const owner = await newOwner({ creditUsd: 2 });
      const threadId = await newThread(owner.key);
      const { run } = await runScript(owner.key, threadId, "true");
      const cost = (await send(`/v1/executions/${run.id}`, { key: owner.key })).json.execution.cost;
      expect(await budgetOf(owner)).toMatchObject({ dailySpent: cost, forecast: null });
      const clock = new ShiftedClock();
      clock.set(Date.now() + 4 * 86_400_000);
      const [later] = await startAsides("billing", 1, { clock });
      if (!later) throw new Error("no process");
      try {
        const { baseUrl } = later;
        const budget = (await send("/v1/budget", { key: owner.key, baseUrl })).json;
        // The first day is known only in part, so it doesn't count; three whole days cost nothing.
        expect(budget).toMatchObject({ dailySpent: 0, totalSpent: cost });
        expect(budget.forecast).toMatchObject({ dailyAverage: 0, basedOnDays: 3, runsOutAt: null });
        const { days } = (await send("/v1/budget/history", { key: owner.key, baseUrl })).json;
        expect(days).toHaveLength(5);
        expect(days[0]).toMatchObject({ spent: cost, executions: 1, credited: 2 });
        const idle = { spent: 0, executions: 0, credited: 0 };
        expect(days.slice(1)).toMatchObject([idle, idle, idle, idle]);
        const left = Math.round((2 - cost) * 1e6) / 1e6;
        expect(days.map((day: { balance: number }) => day.balance)).toEqual([
          left,
          left,
          left,
          left,
          left,
        ]);
      } finally {
        await later.stop();
      }
    },
  );
});
