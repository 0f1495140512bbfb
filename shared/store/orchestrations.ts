import * as z from "zod";
import {
  orchestrationStatuses,
  runStatuses,
  stepStatuses,
  strategies,
} from "../core/orchestrations/words.ts";
import { ownedCollection } from "./documents.ts";

/** A step, with the ids of the steps that it needs and that it waits for. */
export const OrchestrationStep = z.object({
  id: z.string(),
  name: z.string(),
  agentId: z.string(),
  instructions: z.string().nullable(),
  inputsJson: z.string(),
  /** As the client named them. */
  dependsOn: z.array(z.string()),
  condition: z.string().nullable(),
  needs: z.array(z.string()),
  after: z.array(z.string()),
});
export type OrchestrationStep = z.infer<typeof OrchestrationStep>;

/** Steps that run in one environment, each with an agent, some after others. */
export const Orchestration = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  environmentId: z.string(),
  strategy: z.enum(strategies),
  coordinatorAgentId: z.string().nullable(),
  steps: z.array(OrchestrationStep),
  status: z.enum(orchestrationStatuses),
  createdAt: z.int(),
  updatedAt: z.int(),
});
export type Orchestration = z.infer<typeof Orchestration>;

export const orchestrations = ownedCollection(["orchestrations"], Orchestration, "environmentId");

/** One execution of a step, or the place of one that hasn't started. */
const StepResult = z.object({
  stepId: z.string(),
  itemIndex: z.int().min(0).nullable(),
  status: z.enum(stepStatuses),
  executionId: z.string().nullable(),
  threadId: z.string().nullable(),
  output: z.string().nullable(),
  outputTruncated: z.boolean(),
  /** Whether the answer was deleted where it was said. Nothing copies it here afterwards. */
  outputDeleted: z.boolean().default(false),
  error: z.string().nullable(),
  durationMs: z.int().min(0).nullable(),
});
export type StepResult = z.infer<typeof StepResult>;

/** Everything that a run does is fixed at its start; later changes affect later runs only. */
export const OrchestrationRun = z.object({
  v: z.literal(1),
  id: z.string(),
  ownerId: z.string(),
  mode: z.enum(["production", "development"]),
  orchestrationId: z.string(),
  environmentId: z.string(),
  /** The key that started it, with whose rights its steps run. */
  keyId: z.string(),
  name: z.string(),
  strategy: z.enum(strategies),
  steps: z.array(OrchestrationStep),
  inputsJson: z.string(),
  /** Keyed digest of the request that made it with an Idempotency-Key; null for the others. */
  requestSha256: z.string().nullable().default(null),
  status: z.enum(runStatuses),
  results: z.array(StepResult),
  error: z.string().nullable(),
  /** What was held at its start, and what its ended steps have cost. */
  holdMicrousd: z.int().min(0),
  chargedMicrousd: z.int().min(0),
  /** When it fails if it hasn't ended. */
  deadlineAt: z.int(),
  /** Since when a step can't start for a reason that may pass; null if none waits so. */
  waitingSince: z.int().nullable(),
  /** How often it couldn't be moved on since it last was, for a reason that nobody expected. */
  failures: z.int().min(0).default(0),
  /** When a sweep must look at it; null once it has ended. */
  dueAt: z.int().nullable(),
  createdAt: z.int(),
  completedAt: z.int().nullable(),
  expireAt: z.date(),
});
export type OrchestrationRun = z.infer<typeof OrchestrationRun>;

export const orchestrationRuns = ownedCollection(
  ["orchestrations", "orchestrationRuns"],
  OrchestrationRun,
);

/** What the sweep reads of runs that are due. */
export const dueRuns = {
  collectionGroup: orchestrationRuns.name,
  schema: OrchestrationRun.pick({
    id: true,
    ownerId: true,
    mode: true,
    orchestrationId: true,
    dueAt: true,
    createdAt: true,
  }),
};
