import type * as z from "zod";
import { iso } from "#shared/contract/common";
import type { StepBody } from "#shared/contract/thread-steps";
import { cutText } from "#shared/core/usable-text";
import type { Item } from "#shared/protocol/item";
import type { RunnerEvent } from "#shared/protocol/runner";
import type { ExecutionPart, MessagePart } from "./timeline.ts";

type Step = z.input<typeof StepBody>;
const titleLengthMax = 120;

/** An id of a message or an execution, without the prefix that says which. */
function bareId(id: string): string {
  return id.slice(id.indexOf("_") + 1);
}

export function eventStepId(executionId: string, number: number): string {
  return `step_${bareId(executionId)}_${number}`;
}

/** What a step's id names. */
export function parseStepId(
  stepId: string,
):
  | { readonly kind: "message"; readonly messageId: string }
  | { readonly kind: "end"; readonly executionId: string }
  | { readonly kind: "event"; readonly executionId: string; readonly number: number } {
  const end = stepId.lastIndexOf("_");
  const [bare, place] = [stepId.slice("step_".length, end), stepId.slice(end + 1)];
  if (place === "m") return { kind: "message", messageId: `msg_${bare}` };
  const executionId = `run_${bare}`;
  if (place === "t") return { kind: "end", executionId };
  return { kind: "event", executionId, number: Number(place) };
}

interface Place {
  readonly threadId: string;
  readonly environmentId: string;
  readonly sequence: number;
}

function step(place: Place, more: Omit<Step, keyof Place | `snapshot${string}`>): Step {
  return { ...place, ...more, snapshotBeforeId: null, snapshotAfterId: null };
}

export function messageStep(place: Place, { id, role, createdAt }: MessagePart): Step {
  const isUser = role === "user";
  return step(place, {
    id: `step_${bareId(id)}_m`,
    sourceMessageId: id,
    stepKind: isUser ? "user_message" : "assistant_message",
    eventType: isUser ? null : "response.completed",
    title: isUser ? "Message" : "Answer",
    metadata: null,
    createdAt: iso(createdAt),
  });
}

export function endStep(place: Place, message: MessagePart, execution: ExecutionPart): Step {
  const { id: executionId, status, endedAt, createdAt } = execution;
  return step(place, {
    id: `step_${bareId(executionId)}_t`,
    sourceMessageId: message.id,
    stepKind: "turn_completed",
    eventType: "stream.completed",
    title: `Ended: ${status}`,
    metadata: { executionId, number: null, item: null },
    createdAt: iso(endedAt ?? createdAt),
  });
}

export function eventStep(
  place: Place,
  message: MessagePart,
  { executionId, event }: { readonly executionId: string; readonly event: RunnerEvent },
): Step {
  const { sequence: number, at: happenedAt, item } = event;
  return step(place, {
    id: eventStepId(executionId, number),
    sourceMessageId: message.id,
    stepKind: kindOf(item),
    eventType: eventTypeOf(item),
    title: cutText(describedItem(item), titleLengthMax),
    metadata: { executionId, number, item },
    createdAt: iso(happenedAt),
  });
}

/** As the stream names the event. */
export function eventTypeOf(item: Item): string {
  const goesOn = item.type === "tool_call" && item.status === "running";
  return goesOn ? "response.item.started" : "response.item.completed";
}

function kindOf(item: Item): Step["stepKind"] {
  if (item.type === "text") return "assistant_message";
  if (item.type === "tool_output") return "command_execution";
  if (item.type === "planning") return "other";
  if (item.type === "tool_call") return isMcp(item.name) ? "mcp_tool_call" : "command_execution";
  return item.type;
}

/** Tools of MCP servers carry their server in their name. */
function isMcp(name: string): boolean {
  return name.startsWith("mcp__");
}

const firstLine = (text: string) => text.split("\n", 1)[0] ?? "";

/** An item in one line. */
export function describedItem(item: Item): string {
  switch (item.type) {
    case "text":
    case "reasoning":
      return firstLine(item.content);
    case "tool_output":
      return firstLine(item.content);
    case "planning":
      return firstLine(item.content.text);
    case "turn_completed":
      return `Turn ${item.turn}: ${item.tokens.input} tokens read, ${item.tokens.output} written`;
    case "tool_call":
      return `${item.name} ${item.arguments}`;
    case "file_change":
      return `${item.changeKind} ${item.path} (+${item.additions} -${item.deletions})`;
  }
}
