/** An agent's runner dies in the middle of its loop. */
import { expect, test } from "vitest";
import type { ScriptedTurn, TurnItem } from "../../local/providers/turn.ts";
import { expectSettled } from "../kit/assert-settled.ts";
import { until } from "../kit/cloud.ts";
import { newOwner, newThread, runScript } from "../kit/owners.ts";
import { killPart } from "../kit/processes.ts";
import { scriptedTask } from "../kit/scripted-task.ts";
import { startExecution } from "../kit/start-execution.ts";
import { firestore } from "../kit/store.ts";

const call = (name: string, input: object): TurnItem => ({ kind: "tool-call", name, input });
const say = (text: string): TurnItem => ({ kind: "text", text });
const turn = (...items: TurnItem[]): ScriptedTurn => ({ items });

test("MOD-3 a supervisor that is killed in mid-loop costs its calls once, and nothing stays held", async () => {
  const owner = await newOwner({ creditUsd: 5 });
  const threadId = await newThread(owner.key);
  const more = { agentConfig: { model: "claude-haiku-4-5" } };
  const task = scriptedTask([
    turn(call("bash", { command: "true" })),
    turn(call("bash", { command: "echo here > here; sleep 600" })),
    turn(say("never")),
  ]);
  const { executionId, over } = await startExecution(owner, threadId, task, more);
  const events = firestore().collection(`owners/${owner.id}/executions/${executionId}/events`);
  await until("the command that hangs", async () => {
    const { docs } = await events.get();
    return JSON.stringify(docs.map((doc) => doc.data())).includes("sleep 600");
  });
  await killPart(executionId, "supervisor");
  const ended = await expectSettled(owner, executionId);
  await over;
  expect(ended).toMatchObject({ status: "failed", reason: "lost" });
  // Two calls were made and reported; nothing was open that would cost its ceiling.
  expect(ended.outputTokens).toBeGreaterThan(0);
  expect(ended.modelCostMicrousd).toBeGreaterThan(0);
  expect(ended.modelCostMicrousd).toBeLessThan(20_000);
  const next = scriptedTask([turn(say("On it."))]);
  const again = await runScript(owner.key, threadId, next, { body: more });
  expect(again.run).toMatchObject({ status: "success" });
});
