/** What an account is shown of itself: its project and its counts. */
import { expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { newOwner, newThread, runScript } from "../kit/owners.ts";

test("an account's project and metrics count its executions and nobody else's", async () => {
  const { id, key } = await newOwner();
  const thread = await newThread(key);
  const { run } = await runScript(key, thread, "exit 3");
  expect((await send("/v1/account", { key })).json).toEqual({ userId: id });
  const metrics = (await send("/v1/metrics", { key })).json;
  expect(metrics).toMatchObject({
    ...{ totalExecutions: 1, successfulExecutions: 0, failedExecutions: 1, activeSessions: 0 },
    ...{ successRate: "0%", recentErrors: [{ runId: run.id, threadId: thread }] },
  });
  const { project } = (await send("/v1/project", { key })).json;
  expect(project).toMatchObject({
    ...{ userId: id, type: "cloud" },
    stats: { threadCount: 1, runCount: 1, totalCost: metrics.totalCost },
  });
});
