/** What a stream says beside its items, from what was committed: the same however often. */
import { iso, usd } from "../contract/common.ts";
import { endReasons } from "../errors/end-reasons.ts";
import type { RunnerEvent } from "../protocol/runner.ts";
import type { Execution } from "../store/executions.ts";

/** An event and the number it has in its stream. */
export type Numbered = readonly [id: number, event: object];

export function startedEvent({ id, createdAt }: Execution): Numbered {
  const response = { id: responseId(id), status: "in_progress" };
  return [0, { type: "response.started", timestamp: iso(createdAt), response, run: { id } }];
}

export function itemEvent({ sequence, at, item }: RunnerEvent): Numbered {
  const type = "response.item.completed";
  return [sequence, { type, sequence, timestamp: iso(at), item }];
}

/** What follows the last item. */
export function endEvents(execution: Execution): readonly Numbered[] {
  const { status, reason, eventsLastSequence } = execution;
  const timestamp = iso(execution.endedAt ?? execution.createdAt);
  const events: object[] = [
    { type: "response.completed", timestamp, response: response(execution) },
  ];
  if (status === "failed" && reason !== null) {
    events.push({ type: "stream.error", timestamp, error: reason, message: endReasons[reason] });
  }
  events.push({ type: "stream.completed", timestamp, run: run(execution) });
  return events.map((event, index) => [eventsLastSequence + 1 + index, event]);
}

function response({ id, status, output, outputTruncated }: Execution): object {
  const content = output ?? "";
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
    usage: { inputTokens: 0, outputTokens: 0 },
  };
}

function run(execution: Execution): object {
  const chargedMicrousd = execution.chargedMicrousd ?? 0;
  return {
    id: execution.id,
    threadId: execution.threadId,
    status: execution.status,
    reason: execution.reason,
    exitCode: execution.exitCode,
    tokens: { input: 0, output: 0 },
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
