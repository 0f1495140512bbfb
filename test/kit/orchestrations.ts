/** Orchestrations and their runs, as clients make and follow them. */
import { expect } from "vitest";
import { accountOf, expectBalanced } from "./assert-settled.ts";
import { send } from "./client.ts";
import { until } from "./cloud.ts";
import { newEnvironment, type TestOwner } from "./owners.ts";
import { sweep } from "./sweep.ts";

type Fields = Record<string, unknown>;

export async function newAgent(key: string): Promise<string> {
  const made = await send("/v1/agents", { key, body: { name: "worker", model: "shell" } });
  return made.json.agent.id;
}

/** Steps take the same agent unless they name one. */
export async function newOrchestration(
  key: string,
  { steps, ...fields }: { readonly steps: readonly Fields[] } & Fields,
) {
  const [environmentId, agentId] = await Promise.all([newEnvironment(key), newAgent(key)]);
  const body = {
    ...{ name: "pipeline", environmentId, strategy: "sequential", ...fields },
    steps: steps.map((step) => ({ agentId, ...step })),
  };
  const made = await send("/v1/orchestrations", { key, body });
  expect(made.status, made.text).toBe(201);
  return { ...made.json.orchestration, agentId, warnings: made.json.warnings };
}

export async function startRun(key: string, id: string, body?: object) {
  const started = await send(`/v1/orchestrations/${id}/runs`, {
    key,
    method: "POST",
    ...(body ? { body } : {}),
  });
  expect(started.status, started.text).toBe(200);
  return started.json.run;
}

/** Asks until the status leaves pending and running, as the public examples do. */
export async function endOf(
  key: string,
  { id, orchestrationId }: { id: string; orchestrationId: string },
) {
  const path = `/v1/orchestrations/${orchestrationId}/runs/${id}`;
  return await until(
    "the run to end",
    async () => {
      await sweep("runs");
      const { run } = (await send(path, { key })).json;
      return ["pending", "running"].includes(run.status) ? null : run;
    },
    60_000,
  );
}

/** Nothing is held, and what the steps cost is what was charged, once each. */
export async function expectPaid(owner: TestOwner, run: { cost: number; maxCost: number }) {
  await until("nothing to be held", async () => {
    const { holds, runs } = await accountOf(owner);
    return Object.keys({ ...holds, ...runs }).length === 0;
  });
  await expectBalanced(owner);
  const { spentMicrousd } = await accountOf(owner);
  expect(Math.round(run.cost * 1_000_000)).toBe(spentMicrousd);
  expect(run.cost).toBeLessThanOrEqual(run.maxCost);
}

/** What a script does with the variable that holds a step's data. */
export const shown = (expression: string) =>
  `node -e 'const d = JSON.parse(process.env.ORCHESTRATION_INPUT); console.log(${expression})'`;
