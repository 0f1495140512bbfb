import type { ServerResponse } from "node:http";
import type { Owner } from "#shared/auth/owner";
import { iso, usd } from "#shared/contract/common";
import { endReasons } from "#shared/errors/end-reasons";
import { follow } from "#shared/executions/follow";
import { streamBytesMax, streamMsMax } from "#shared/executions/timing";
import type { Execution } from "#shared/store/executions";
import type { Store } from "#shared/store/store";

/** Proxies close what is silent for longer. */
const commentMs = 15_000;

export interface StreamOf {
  readonly executionId: string;
  /** The last event the reader has; 0 for all of them. */
  readonly afterSequence: number;
  readonly signal: AbortSignal;
}

/**
 * Streams an execution as server-sent events: one `data:` line of JSON each, its type inside. It
 * ends with the execution, or at 8 MB or 15 minutes, from where a reader resumes by `id:`.
 */
export function eventStream(store: Store, owner: Owner, of: StreamOf) {
  return async (response: ServerResponse): Promise<void> => {
    const { executionId, afterSequence } = of;
    const signal = AbortSignal.any([of.signal, AbortSignal.timeout(streamMsMax)]);
    const comments = setInterval(() => response.write(": keep-alive\n\n"), commentMs);
    let sentBytes = 0;
    const send = async (id: number, event: object) => {
      const text = `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`;
      sentBytes += Buffer.byteLength(text);
      if (!response.write(text)) await drained(response, signal);
    };
    try {
      if (afterSequence === 0) await send(0, startedEvent(executionId));
      for await (const next of follow(store, owner, { executionId, afterSequence, signal })) {
        if (next.type === "end") {
          for (const [id, event] of endEvents(next.execution)) await send(id, event);
          return;
        }
        const { sequence, at, item } = next.event;
        const type = "response.item.completed";
        await send(sequence, { type, sequence, timestamp: iso(at), item });
        if (sentBytes >= streamBytesMax) return;
      }
    } finally {
      clearInterval(comments);
    }
  };
}

/** A reader that doesn't read holds nothing up but itself. */
async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
    signal.addEventListener("abort", done);
  });
}

function responseId(executionId: string): string {
  return executionId.replace(/^run_/, "resp_");
}

function startedEvent(executionId: string): object {
  const response = { id: responseId(executionId), status: "in_progress" };
  return { type: "response.started", response, run: { id: executionId } };
}

/** What follows the last event, from what was committed: it reads the same however often. */
function endEvents(execution: Execution): readonly (readonly [number, object])[] {
  const { id, status, output, outputTruncated, reason, exitCode, eventsLastSequence } = execution;
  const timestamp = iso(execution.endedAt ?? execution.createdAt);
  const content = output ?? "";
  const message = {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: content }],
  };
  const chargedMicrousd = execution.chargedMicrousd ?? 0;
  const answer = {
    id: responseId(id),
    status: status === "success" ? "completed" : status,
    content,
    truncated: outputTruncated,
    output: [message],
    usage: { inputTokens: 0, outputTokens: 0 },
  };
  const run = {
    id,
    threadId: execution.threadId,
    status,
    reason,
    exitCode,
    tokens: { input: 0, output: 0 },
    workspace: execution.workspaceState,
    conflicts: execution.conflicts,
    cost: usd(chargedMicrousd),
    held: usd(execution.holdMicrousd),
    released: usd(execution.holdMicrousd - chargedMicrousd),
    durationMs: execution.claimedAt === null ? 0 : (execution.endedAt ?? 0) - execution.claimedAt,
  };
  const events: object[] = [{ type: "response.completed", timestamp, response: answer }];
  if (status === "failed" && reason !== null) {
    events.push({ type: "stream.error", timestamp, error: reason, message: endReasons[reason] });
  }
  events.push({ type: "stream.completed", timestamp, run });
  return events.map((event, index) => [eventsLastSequence + 1 + index, event] as const);
}
