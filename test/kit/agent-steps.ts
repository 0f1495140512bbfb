/** The steps of an agent's loop, each held so that a test can kill or cancel at exactly it. */
import { ModelMeter } from "#shared/core/money/model-meter";
import type { ScriptedTurn, TurnItem } from "../../local/providers/turn.ts";
import { orderFault, releaseHeld, until, untilHeld } from "./cloud.ts";
import { newEnvironment, newThread, type TestOwner } from "./owners.ts";
import { pidsOf } from "./processes.ts";
import { scriptedTask } from "./scripted-task.ts";
import { startExecution } from "./start-execution.ts";
import { firestore } from "./store.ts";

export const modelConfig = { agentConfig: { model: "claude-haiku-4-5" } };
/** What the model says with its call, and once the call was carried out. */
export const said = { first: "I make the file. ", last: "It is made." };
const command = "echo made > made.txt; echo carried out";

const call = (text: string): TurnItem => ({
  kind: "tool-call",
  name: "bash",
  input: { command: text },
});
const say = (text: string): TurnItem => ({ kind: "text", text });
/** Says a sentence and runs a command. */
export const commandCall = (text: string): ScriptedTurn => ({
  items: [say(said.first), call(text)],
});
const last: ScriptedTurn = { items: [say(said.last)] };

interface Running {
  readonly owner: TestOwner;
  readonly executionId: string;
}

export interface AgentStep {
  readonly setupScripts?: readonly string[];
  readonly turns?: readonly (ScriptedTurn | readonly ScriptedTurn[])[];
  readonly prepare?: () => Promise<void>;
  readonly reached: (running: Running) => Promise<void>;
}

const pass = { kind: "delay", delayMs: 0 } as const;
/** The commits of the gateway for a run of two calls: each is reserved, then charged. */
const commits = { reserveFirst: 1, chargeFirst: 2, reserveSecond: 3 } as const;

function heldCommit(nth: number, when: "before" | "after"): AgentStep {
  return {
    prepare: async () => {
      await orderFault("model-gateway", { method: "Commit", fault: pass, calls: nth - 1 });
      await orderFault("model-gateway", {
        ...{ method: "Commit", fault: { kind: `hold-${when}`, withLater: true }, calls: 1 },
      });
    },
    reached: async () => await untilHeld("model-gateway"),
  };
}

async function untilSeen({ owner, executionId }: Running, text: string): Promise<void> {
  const events = firestore().collection(`owners/${owner.id}/executions/${executionId}/events`);
  await until(`an event with ${text}`, async () => {
    const { docs } = await events.get();
    return JSON.stringify(docs.map((doc) => doc.data())).includes(text);
  });
}

const charging = heldCommit(commits.chargeFirst, "before");

export const agentSteps = {
  setUp: {
    setupScripts: ["echo setting up; sleep 600"],
    reached: (running) => untilSeen(running, "setting up"),
  },
  reserving: heldCommit(commits.reserveFirst, "before"),
  reserved: heldCommit(commits.reserveFirst, "after"),
  streaming: {
    // The events up to the end of its first text, and nothing more.
    turns: [
      [{ ...commandCall(command), fault: { kind: "stall", afterEvents: 4 } }, commandCall(command)],
    ],
    reached: (running) => untilSeen(running, said.first.trim()),
  },
  charging,
  // The answer's end is held until init is stopped, which can't begin the call then.
  answered: {
    ...(charging.prepare && { prepare: charging.prepare }),
    reached: async (running) => {
      await charging.reached(running);
      for (const pid of await pidsOf(running.executionId, "init")) signal(pid, "SIGSTOP");
      await releaseHeld("model-gateway");
      await untilSeen(running, "carried out");
    },
  },
  working: {
    turns: [commandCall(`${command}; sleep 600`)],
    reached: (running) => untilSeen(running, "carried out\\n"),
  },
  asking: {
    ...heldCommit(commits.reserveSecond, "before"),
    reached: async (running) => {
      await untilHeld("model-gateway");
      await untilSeen(running, "carried out\\n");
    },
  },
  saving: {
    prepare: () =>
      orderFault("storage", { method: "upload", fault: { kind: "hold-before" }, calls: 1 }),
    reached: () => untilHeld("storage"),
  },
} satisfies Record<string, AgentStep>;

export interface StartedAgent extends Running {
  readonly threadId: string;
  readonly environmentId: string;
  readonly over: Promise<void>;
}

/** Starts an agent and resolves once it is held at the step. */
export async function startAgentUntil(owner: TestOwner, step: AgentStep): Promise<StartedAgent> {
  const environmentId = await newEnvironment(owner.key, {
    ...(step.setupScripts && { setupScripts: step.setupScripts }),
  });
  const threadId = await newThread(owner.key, { environmentId });
  const [first = commandCall(command)] = step.turns ?? [];
  await step.prepare?.();
  const task = scriptedTask([first, last], threadId);
  const { executionId, over } = await startExecution(owner, threadId, task, modelConfig);
  const running = { owner, executionId };
  await step.reached(running);
  return { ...running, threadId, environmentId, over };
}

/** Cancels what a step ordered, and releases what it holds. */
export async function letGo(executionId?: string): Promise<void> {
  for (const target of ["model-gateway", "storage"]) await orderFault(target, null);
  if (executionId === undefined) return;
  for (const pid of await pidsOf(executionId, "init")) signal(pid, "SIGCONT");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in between.
  }
}

/** The meter of an execution; null if it called no model. */
export async function meterOf(owner: TestOwner, executionId: string): Promise<ModelMeter | null> {
  const path = `owners/${owner.id}/executions/${executionId}/meters/models`;
  const data = (await firestore().doc(path).get()).data();
  return data === undefined ? null : ModelMeter.parse(data);
}
