import * as z from "zod";
import { conditionLengthMax } from "../core/orchestrations/condition.ts";
import {
  orchestrationStatuses,
  runExecutionsMax,
  runStatuses,
  stepStatuses,
  stepsMax,
  strategies,
} from "../core/orchestrations/words.ts";
import { toJsonText } from "./common.ts";
import { exactObject } from "./exact.ts";
import { Dollars } from "./limit-amount.ts";
import { threadText } from "./thread-text.ts";

/** Together they fit into one document, and what a step is given fits into one variable. */
const stepInputsBytesMax = 8 * 1_024;
const runInputsBytesMax = 32 * 1_024;
const stepsBytesMax = 200 * 1_024;

function Inputs(bytesMax: number) {
  return z
    .record(z.string().max(200), z.unknown())
    .nullish()
    .refine(
      (value) => Buffer.byteLength(toJsonText(value)) <= bytesMax,
      `must be at most ${bytesMax} bytes as JSON`,
    );
}

const Step = z.object({
  /** Ids are made here; those of the orchestration's own steps are kept when it is changed. */
  id: z.string().max(100).optional(),
  name: z.string().trim().min(1).max(200),
  agentId: z.string().max(100),
  instructions: z.string().max(100_000).nullish(),
  inputs: Inputs(stepInputsBytesMax),
  /** Steps by their ids, names or numbers (`step_1`). */
  dependsOn: z.array(z.string().max(200)).max(stepsMax).nullish(),
  condition: z.string().max(conditionLengthMax).nullish(),
});

const Steps = z
  .array(Step)
  .min(1)
  .max(stepsMax)
  .refine(
    (steps) => Buffer.byteLength(toJsonText(steps)) <= stepsBytesMax,
    `must be at most ${stepsBytesMax} bytes as JSON`,
  );

const Name = z.string().trim().min(1).max(200);
const CoordinatorAgentId = z.string().max(100).nullish();

export const OrchestrationCreate = z.object({
  name: Name,
  environmentId: z.string(),
  strategy: z.enum(strategies),
  coordinatorAgentId: CoordinatorAgentId,
  steps: Steps,
});
export type OrchestrationCreate = z.output<typeof OrchestrationCreate>;

export const OrchestrationUpdate = z.object({
  name: Name.optional(),
  strategy: z.enum(strategies).optional(),
  coordinatorAgentId: CoordinatorAgentId,
  steps: Steps.optional(),
  status: z.enum(orchestrationStatuses).optional(),
});
export type OrchestrationUpdate = z.output<typeof OrchestrationUpdate>;

/** Exact, because a misspelt `maxCost` would allow more than its sender meant. */
export const OrchestrationRunCreate = exactObject({
  inputs: Inputs(runInputsBytesMax),
  /** Ours: the most that all steps may cost together, in US dollars; it is held at the start. */
  maxCost: Dollars.min(0.000_001).max(1_000_000).nullish(),
});
export type OrchestrationRunCreate = z.output<typeof OrchestrationRunCreate>;

/** A refusal's words if `map_reduce` finds no list to split. */
export const itemsMessage =
  `is needed: a list of 1 to ${runExecutionsMax} items, for each of which the first steps run, ` +
  `with at most ${runExecutionsMax} executions in all`;

export const OrchestrationStepBody = z.object({
  id: z.string(),
  agentId: z.string(),
  name: z.string(),
  instructions: z.string().nullable(),
  inputs: z.unknown(),
  dependsOn: z.array(z.string()),
  condition: z.string().nullable(),
});

export const OrchestrationBody = z.object({
  id: z.string(),
  userId: z.string(),
  name: z.string(),
  environmentId: z.string(),
  strategy: z.enum(strategies),
  coordinatorAgentId: z.string().nullable(),
  steps: z.array(OrchestrationStepBody),
  status: z.enum(orchestrationStatuses),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const OrchestrationStepResult = z.object({
  stepId: z.string(),
  stepName: z.string(),
  agentId: z.string(),
  /** Which of `inputs.items` it is for; null if the step runs once. */
  itemIndex: z.int().nullable(),
  status: z.enum(stepStatuses),
  output: threadText(z.string().nullable()),
  /** Whether the end of the output is left out; all of it is in the thread. */
  outputTruncated: z.boolean(),
  /** Whether the answer was deleted together with its thread or message; it isn't here either. */
  outputDeleted: z.boolean(),
  error: z.string().nullable(),
  threadId: z.string().nullable(),
  runId: z.string().nullable(),
  durationMs: z.int().nullable(),
});

export const OrchestrationRunBody = z.object({
  id: z.string(),
  orchestrationId: z.string(),
  /** Always null: each step has a thread of its own. */
  threadId: z.string().nullable(),
  status: z.enum(runStatuses),
  inputs: z.unknown(),
  stepResults: z.array(OrchestrationStepResult),
  /** Why it failed, in a sentence. */
  error: z.string().nullable(),
  /** The key that it acts with. */
  keyId: z.string(),
  /** What was held for it, and what its steps have cost so far, in US dollars. */
  maxCost: z.number(),
  cost: z.number(),
  createdAt: z.string(),
  completedAt: z.string().nullable(),
});
