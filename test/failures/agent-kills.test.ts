/** A process dies at each step of an agent's loop. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Execution } from "#shared/store/executions";
import {
  type AgentStep,
  agentSteps,
  letGo,
  meterOf,
  modelConfig,
  said,
  startAgentUntil,
} from "../kit/agent-steps.ts";
import { expectSettled, replay } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { killFunction } from "../kit/cloud.ts";
import { newOwner, runScript, type TestOwner } from "../kit/owners.ts";
import { killPart } from "../kit/processes.ts";
import { scriptedTask } from "../kit/scripted-task.ts";
import { sharedOut } from "../kit/shard.ts";

const { setUp, reserving, reserved, streaming, charging, answered, working, asking, saving } =
  agentSteps;

let owner: TestOwner;

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 50 });
});
afterEach(() => letGo());

interface Calls {
  /** How many calls may have been reserved, and those of them whose report never came. */
  readonly made: readonly number[];
  readonly unknown: number;
}

/** The database client asks again if a commit is held for long, so a call may go out after all. */
const mayGoOut = { none: [0, 1], second: [1, 2] } as const;

async function expectCharged({ id, modelCostMicrousd }: Execution, { made, unknown }: Calls) {
  const meter = await meterOf(owner, id);
  expect(made).toContain(meter?.callCount ?? 0);
  expect(meter?.unknownCount ?? 0).toBe(unknown);
  expect(meter?.calls ?? {}).toEqual({});
  expect(meter?.lossMicrousd ?? 0).toBe(0);
  expect(modelCostMicrousd).toBe(meter?.chargedMicrousd ?? 0);
  // Two calls that were reported cost a cent at most; the ceiling of one is more.
  expect(modelCostMicrousd > 20_000).toBe(unknown > 0);
}

const supervisorRows: readonly (readonly [at: string, AgentStep, Calls, hasSaid: boolean])[] = [
  ["before the first call", setUp, { made: [0], unknown: 0 }, false],
  ["before the first call is reserved", reserving, { made: mayGoOut.none, unknown: 0 }, false],
  ["while a call streams", streaming, { made: [1], unknown: 1 }, true],
  ["between answer and tool", answered, { made: [1], unknown: 0 }, true],
  ["while a tool runs", working, { made: [1], unknown: 0 }, true],
  ["between tool and next call", asking, { made: mayGoOut.second, unknown: 0 }, true],
  ["at the end, while files are saved", saving, { made: [2], unknown: 0 }, true],
];

describe("MOD-3 a supervisor that is killed costs its calls once, and nothing stays held", () => {
  test.each(sharedOut(supervisorRows, supervisorRows.length))(
    "%s",
    async (_at, step, calls, hasSaid) => {
      const { executionId, threadId, environmentId, over } = await startAgentUntil(owner, step);
      await killPart(executionId, "supervisor");
      const ended = await expectSettled(owner, executionId);
      // What the gateway still held goes on only now: an execution that has ended pays nothing.
      await letGo();
      await over;
      expect(ended).toMatchObject({ status: "failed", reason: "lost" });
      const events = JSON.stringify(await replay(owner, executionId));
      expect(events.includes(said.first.trim())).toBe(hasSaid);
      const path = `/v1/environments/${environmentId}`;
      const body = { setupScripts: [] };
      await send(path, { key: owner.key, method: "PATCH", body });
      const next = scriptedTask([{ items: [{ kind: "text", text: "On it." }] }]);
      const again = await runScript(owner.key, threadId, next, { body: modelConfig });
      expect(again.run, again.answer.text).toMatchObject({ status: "success" });
      await expectCharged(ended, calls);
    },
  );
});

const gatewayRows: readonly (readonly [at: string, AgentStep, Calls])[] = [
  ["before a reservation", reserving, { made: [2], unknown: 0 }],
  ["after a reservation, before the call goes out", reserved, { made: [3], unknown: 1 }],
  ["in the middle of a stream", streaming, { made: [3], unknown: 1 }],
  ["after the answer, before its charge", charging, { made: [3], unknown: 1 }],
];

describe("MOD-3 a gateway that is killed is asked again, and each call is charged once", () => {
  test.each(sharedOut(gatewayRows, gatewayRows.length))("%s", async (_at, step, calls) => {
    const { executionId, environmentId, over } = await startAgentUntil(owner, step);
    await killFunction("model-gateway");
    await letGo();
    const ended = await expectSettled(owner, executionId);
    await over;
    expect(ended).toMatchObject({ status: "success", workspaceState: "saved" });
    expect(ended.output).toBe(`${said.last}\n`);
    const file = await send(`/v1/environments/${environmentId}/files/made.txt`, {
      key: owner.key,
    });
    expect(file.text).toBe("made\n");
    await expectCharged(ended, calls);
  });
});
