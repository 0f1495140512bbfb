/** Money that ends before, between and during an agent's calls. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type AgentStep,
  agentSteps,
  commandCall,
  letGo,
  meterOf,
  said,
  startAgentUntil,
} from "../kit/agent-steps.ts";
import { accountOf, expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { newOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";

/** The most that the first call of these tasks can cost; what is written in it varies a little. */
let ceilingMicrousd: number;
const varianceMicrousd = 1_000;

beforeAll(async () => {
  const owner = await newOwner({ creditUsd: 5 });
  const { executionId, threadId, over } = await startAgentUntil(owner, agentSteps.streaming);
  const open = Object.values((await meterOf(owner, executionId))?.calls ?? {});
  ceilingMicrousd = open[0]?.ceilingMicrousd ?? Number.NaN;
  await send(`/v1/threads/${threadId}/cancel`, { key: owner.key, method: "POST" });
  await over;
});
afterEach(() => letGo());

/** Runs until the money ends, and checks that none was spent that there wasn't. */
async function runOut(creditMicrousd: number, step: Omit<AgentStep, "reached">) {
  const owner = await newOwner({ creditUsd: creditMicrousd / 1_000_000 });
  const reached = () => Promise.resolve();
  const { executionId, environmentId, over } = await startAgentUntil(owner, { ...step, reached });
  const ended = await expectSettled(owner, executionId);
  await over;
  expect(ended).toMatchObject({ status: "failed", reason: "budget" });
  expect(ended.chargedMicrousd).toBeLessThanOrEqual(ended.holdMicrousd);
  const { balanceMicrousd } = await accountOf(owner);
  expect(balanceMicrousd).toBeGreaterThanOrEqual(0);
  const meter = await meterOf(owner, executionId);
  expect(meter?.lossMicrousd ?? 0).toBe(0);
  const file = await send(`/v1/environments/${environmentId}/files/made.txt`, { key: owner.key });
  return { ended, meter, made: file.status === 200 && file.text };
}

describe("MOD-2 money that ends", () => {
  test.runIf(isTurn(0, 3))("before the first call ends the run without one", async () => {
    const { ended, meter, made } = await runOut(Math.floor(ceilingMicrousd / 2), {});
    expect([meter?.callCount ?? 0, ended.modelCostMicrousd, made]).toEqual([0, 0, false]);
    expect(ended.output).toContain("budget is used up");
  });

  test.runIf(isTurn(1, 3))("between two calls keeps what was made and said", async () => {
    // What the command prints makes the second call dearer than what is left.
    const print = "echo made > made.txt; head -c 10000 /dev/zero | tr '\\0' x";
    const turns = [commandCall(print)];
    const { ended, meter, made } = await runOut(ceilingMicrousd + 3 * varianceMicrousd, { turns });
    expect(meter).toMatchObject({ callCount: 1, unknownCount: 0 });
    expect(made).toBe("made\n");
    expect(ended.output).toContain(said.first.trim());
    expect(ended.modelCostMicrousd).toBeGreaterThan(0);
  });

  test.runIf(isTurn(2, 3))(
    "during a call keeps what it had said, and pays its ceiling",
    async () => {
      const { turns } = agentSteps.streaming;
      const credit = ceilingMicrousd + varianceMicrousd;
      const { ended, meter, made } = await runOut(credit, { turns });
      expect(meter).toMatchObject({ callCount: 1, unknownCount: 1 });
      expect(made).toBe(false);
      expect(ended.output).toContain(said.first.trim());
      expect(ended.modelCostMicrousd).toBeGreaterThan(ceilingMicrousd - varianceMicrousd);
    },
  );
});
