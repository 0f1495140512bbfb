/** Cancelling an agent at each step of its loop: what it made and said is kept, and paid once. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type AgentStep,
  agentSteps,
  letGo,
  meterOf,
  said,
  startAgentUntil,
} from "../kit/agent-steps.ts";
import { expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { newOwner, type TestOwner } from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";

const { setUp, reserving, reserved, streaming, charging, answered, working, asking } = agentSteps;

/** Null: it depends on how far gateway or sandbox come before they hear of it. */
interface Kept {
  readonly callsMax: number;
  readonly hasSaid: boolean | null;
  readonly hasMade: boolean | null;
}

const nothing: Kept = { callsMax: 1, hasSaid: false, hasMade: false };
const words: Kept = { callsMax: 1, hasSaid: true, hasMade: false };
const everything: Kept = { callsMax: 2, hasSaid: true, hasMade: true };

const rows: readonly (readonly [at: string, AgentStep, Kept])[] = [
  ["before the first call", setUp, { ...nothing, callsMax: 0 }],
  ["before the first call is reserved", reserving, nothing],
  ["after its reservation", reserved, nothing],
  ["while a call streams", streaming, words],
  ["before a call's charge", charging, { ...words, hasSaid: null }],
  ["between answer and tool", answered, { ...words, hasMade: null }],
  ["while a tool runs", working, everything],
  ["between tool and next call", asking, everything],
];

let owner: TestOwner;

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 50 });
});
afterEach(() => letGo());

describe("MOD-3 an agent that is cancelled keeps what it made, and pays its calls once", () => {
  test.each(sharedOut(rows, rows.length))("%s", async (_at, step, kept) => {
    const { executionId, threadId, environmentId, over } = await startAgentUntil(owner, step);
    const path = `/v1/threads/${threadId}/cancel`;
    const answer = await send(path, { key: owner.key, method: "POST" });
    expect(answer.json, answer.text).toMatchObject({ success: true, runId: executionId });
    await letGo(executionId);
    await over;
    const ended = await expectSettled(owner, executionId);
    expect(ended).toMatchObject({ status: "cancelled", reason: "cancelled" });
    const hasSaid = ended.output?.includes(said.first.trim());
    expect(kept.hasSaid ?? hasSaid).toBe(hasSaid);
    const file = await send(`/v1/environments/${environmentId}/files/made.txt`, {
      key: owner.key,
    });
    const hasMade = file.status === 200;
    expect(kept.hasMade ?? hasMade).toBe(hasMade);
    expect(hasMade && file.text).toBe(hasMade && "made\n");
    const meter = await meterOf(owner, executionId);
    expect(meter?.callCount ?? 0).toBeLessThanOrEqual(kept.callsMax);
    expect(ended.modelCostMicrousd).toBe(meter?.chargedMicrousd ?? 0);
    expect(meter?.calls ?? {}).toEqual({});
    expect(ended.chargedMicrousd).toBeLessThanOrEqual(ended.holdMicrousd);
  });
});
