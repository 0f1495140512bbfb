import type * as z from "zod";
import { iso } from "#shared/contract/common";
import type { LogEntry } from "#shared/contract/thread-steps";
import type { Item } from "#shared/protocol/item";
import type { RunnerEvent } from "#shared/protocol/runner";
import type { Message } from "#shared/store/threads";
import { describedItem, eventTypeOf } from "./step-body.ts";

export type LogEntryBody = z.input<typeof LogEntry>;

const nothing = {
  ...{ isUserMessage: false, isLLMResponse: false, isReasoning: false, isActionSummary: false },
  isPlanning: false,
};

/** The two published shapes of an entry at once. @param begunAt When the thread was created. */
function entry(
  text: string,
  { happenedAt, begunAt }: { readonly happenedAt: number; readonly begunAt: number },
) {
  const time = `+${(Math.max(0, happenedAt - begunAt) / 1_000).toFixed(1)}s`;
  const createdAt = iso(happenedAt);
  return {
    ...nothing,
    ...{ content: text, message: text, timestamp: createdAt, createdAt },
    ...{ relativeTime: time, time },
  };
}

export function messageEntry(
  { role, content, createdAt: happenedAt }: Message,
  begunAt: number,
): LogEntryBody {
  const isUser = role === "user";
  return {
    ...entry(content, { happenedAt, begunAt }),
    role,
    type: isUser ? "info" : "success",
    eventType: isUser ? null : "response.completed",
    isUserMessage: isUser,
    isLLMResponse: !isUser,
    metadata: null,
  };
}

export function eventEntry(
  executionId: string,
  { sequence, at: happenedAt, item }: RunnerEvent,
  begunAt: number,
): LogEntryBody {
  return {
    ...entry(textOf(item), { happenedAt, begunAt }),
    role: "execution_log",
    type: item.type === "tool_call" && item.status === "failed" ? "error" : "info",
    eventType: eventTypeOf(item),
    isLLMResponse: item.type === "text",
    isReasoning: item.type === "reasoning",
    isActionSummary: item.type === "tool_call" || item.type === "file_change",
    isPlanning: item.type === "planning",
    metadata: { executionId, sequence },
  };
}

/** A call that has ended says what it gave back. */
function textOf(item: Item): string {
  if (item.type === "text" || item.type === "reasoning" || item.type === "tool_output")
    return item.content;
  if (item.type === "planning") return item.content.text;
  if (item.type === "tool_call" && item.result !== undefined) return item.result;
  return describedItem(item);
}
