/** What happened in a thread, made of its messages and of the events of its executions. */
import * as z from "zod";
import { Item } from "../protocol/item.ts";
import { listOf } from "./common.ts";
import { shownStatuses } from "./thread.ts";

const stepForm = /^step_[A-Za-z0-9_-]{21}_(?:m|t|[1-9][0-9]{0,9})$/;

/** A message (`m`), the end of an execution (`t`), or one of its events by number. */
export const StepId = z.string().regex(stepForm, "must be the id of a step");

const stepKinds = [
  "user_message",
  "assistant_message",
  "reasoning",
  "command_execution",
  "mcp_tool_call",
  "file_change",
  "other",
  "turn_completed",
] as const;

export const StepBody = z.object({
  id: z.string(),
  threadId: z.string(),
  environmentId: z.string(),
  /** The step's place in the thread, from 0. */
  sequence: z.int(),
  sourceMessageId: z.string().nullable(),
  stepKind: z.enum(stepKinds),
  eventType: z.string().nullable(),
  title: z.string(),
  /** Files as they were at a step aren't kept. */
  snapshotBeforeId: z.null(),
  snapshotAfterId: z.null(),
  metadata: z
    .object({ executionId: z.string(), number: z.int().nullable(), item: Item.nullable() })
    .nullable(),
  createdAt: z.string(),
});

export const StepList = listOf(StepBody);

const counted = { additions: z.int(), deletions: z.int() };

/** The numbers of added and deleted lines are stored, and the text of a change isn't. */
const noText = { diff: z.literal(""), diffStored: z.literal(false) };

export const StepDiff = z.object({
  threadId: z.string(),
  stepId: z.string(),
  sequence: z.int().nullable(),
  snapshotBeforeId: z.null(),
  snapshotAfterId: z.null(),
  fromCommitSha: z.null(),
  toCommitSha: z.null(),
  path: z.string().nullable(),
  ...noText,
  changedPaths: z.array(z.string()),
  ...counted,
});

const FileDiff = z.object({
  path: z.string(),
  status: z.enum(["added", "modified", "deleted"]),
  ...noText,
  ...counted,
});

/**
 * `complete` says whether all changes of all the thread's executions are in it: not if one changed
 * a hundred files or more, of which the first are reported, or its log isn't there any more.
 */
export const ThreadDiffs = z.object({
  diffs: z.array(FileDiff),
  data: z.array(FileDiff),
  complete: z.boolean(),
});

export const FileHistory = listOf(
  z.object({
    threadId: z.string(),
    path: z.string(),
    changedPath: z.string(),
    stepId: z.string(),
    sequence: z.int().nullable(),
    title: z.string(),
    eventType: z.string(),
    snapshotBeforeId: z.null(),
    snapshotAfterId: z.null(),
    changeKind: z.enum(["created", "modified", "deleted"]),
    createdAt: z.string(),
  }),
).extend({ path: z.string(), threadId: z.string(), complete: z.boolean() });

export const LogEntry = z.object({
  role: z.enum(["user", "assistant", "execution_log"]),
  content: z.string(),
  timestamp: z.string(),
  relativeTime: z.string(),
  message: z.string(),
  createdAt: z.string(),
  time: z.string(),
  type: z.enum(["info", "error", "success", "warning"]),
  eventType: z.string().nullable(),
  isUserMessage: z.boolean(),
  isLLMResponse: z.boolean(),
  isReasoning: z.boolean(),
  isActionSummary: z.boolean(),
  isPlanning: z.boolean(),
  metadata: z.object({ executionId: z.string(), sequence: z.int() }).nullable(),
});

export const ThreadLogs = z.object({
  logs: z.array(LogEntry),
  /** Whether older entries were left out. */
  truncated: z.boolean(),
  threadId: z.string(),
  status: z.enum(shownStatuses),
  duration: z.string().nullable(),
  totalCost: z.number(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  environmentId: z.string(),
  environmentName: z.string().nullable(),
  agentId: z.string().nullable(),
  agentName: z.string().nullable(),
  teamExecution: z.null(),
  subagentActivity: z.array(z.never()),
});
