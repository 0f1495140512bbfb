/** Makes the bodies of a stream's events from stored data, so they are the same in every stream. */
import { iso, usd } from "../contract/common.ts";
import { endReasons } from "../errors/end-reasons.ts";
import type { EndReason, RunnerEvent } from "../protocol/runner.ts";
import type { Execution } from "../store/executions.ts";

/** An event and its number in the stream. */
export type Numbered = readonly [id: number, event: object];

export function startedEvent({ id, createdAt }: Execution): Numbered {
  const response = { id: responseId(id), status: "in_progress" };
  return [0, { type: "response.started", timestamp: iso(createdAt), response, run: { id } }];
}

/** The event for an item. A tool call that still runs has started; everything else is complete. */
export function itemEvent({ sequence, at, item }: RunnerEvent): Numbered {
  const goesOn = item.type === "tool_call" && item.status === "running";
  const type = goesOn ? "response.item.started" : "response.item.completed";
  return [sequence, { type, sequence, timestamp: iso(at), item }];
}

/** The events after the last item. */
export function endEvents(execution: Execution): readonly Numbered[] {
  const { status, reason, eventsLastSequence } = execution;
  const timestamp = iso(execution.endedAt ?? execution.createdAt);
  const events: object[] = [
    { type: "response.completed", timestamp, response: response(execution) },
  ];
  if (status === "failed" && reason !== null) {
    const message = whyEnded(reason, execution.detail);
    events.push({ type: "stream.error", timestamp, error: reason, message });
  }
  events.push({ type: "stream.completed", timestamp, run: run(execution) });
  return events.map((event, index) => [eventsLastSequence + 1 + index, event]);
}

/** A sentence that explains the reason: the runner's own, or else the general one. */
export function whyEnded(reason: EndReason, detail: string | null): string {
  return detail ?? endReasons[reason];
}

/** The assistant's answer in the stream and in the thread; it is never empty. */
export function answerText(
  ended: Pick<Execution, "status" | "output" | "reason" | "detail">,
): string {
  const { status, output, reason, detail } = ended;
  if (output || status === "success" || reason === null) return output ?? "";
  return whyEnded(reason, detail);
}

export function response(execution: Execution) {
  const { id, status, outputTruncated } = execution;
  const content = answerText(execution);
  const message = {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: content }],
  };
  return {
    id: responseId(id),
    status: status === "success" ? "completed" : status,
    content,
    truncated: outputTruncated,
    output: [message],
    usage: { inputTokens: execution.inputTokens, outputTokens: execution.outputTokens },
  };
}

export function run(execution: Execution) {
  const chargedMicrousd = execution.chargedMicrousd ?? 0;
  return {
    id: execution.id,
    threadId: execution.threadId,
    status: execution.status,
    reason: execution.reason,
    exitCode: execution.exitCode,
    tokens: { input: execution.inputTokens, output: execution.outputTokens },
    workspace: execution.workspaceState,
    conflicts: execution.conflicts,
    cost: usd(chargedMicrousd),
    held: usd(execution.holdMicrousd),
    released: usd(execution.holdMicrousd - chargedMicrousd),
    durationMs: execution.claimedAt === null ? 0 : (execution.endedAt ?? 0) - execution.claimedAt,
  };
}

function responseId(executionId: string): string {
  return executionId.replace(/^run_/, "resp_");
}
