import type { ServerResponse } from "node:http";
import type { Owner } from "../auth/owner.ts";
import { deploymentLimits } from "../config.ts";
import { drained } from "../limits/paced-writing.ts";
import { type Execution, hasEnded } from "../store/executions.ts";
import { follow } from "./follow.ts";
import { endEvents, itemEvent, type Numbered, startedEvent } from "./stream-events.ts";
import type { SweepDeps } from "./sweep.ts";

/** Proxies close what is silent for longer. */
const commentMs = 15_000;
const headers = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
};

export interface Reader {
  readonly deps: SweepDeps;
  readonly caller: { readonly owner: Owner };
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/**
 * Answers with an execution's events: one `data:` line of JSON each, its type inside. The stream
 * ends with the execution, or before the event that would take it over 8 MB or 15 minutes, and goes
 * on from there when it is asked for what comes after the last `id:` that arrived.
 *
 * @param afterId the last event the reader has; null for none.
 */
export function eventStream(reader: Reader, execution: Execution, afterId: number | null) {
  const lastId = hasEnded(execution) ? endEvents(execution).at(-1)?.[0] : undefined;
  // There is nothing after the end; this is how browsers are told to stop asking.
  if (afterId !== null && lastId !== undefined && afterId >= lastId) {
    return { status: 204, headers: {}, stream: async () => {} };
  }
  const stream = async (response: ServerResponse): Promise<void> => {
    const signal = AbortSignal.any([
      reader.signal,
      AbortSignal.timeout(deploymentLimits().streams.msMax),
    ]);
    const comments = setInterval(() => {
      if (!response.writableNeedDrain) response.write(": keep-alive\n\n");
    }, commentMs);
    try {
      await send(response, eventsAfter(reader, execution, { afterId, signal }), signal);
    } finally {
      clearInterval(comments);
    }
    // Whoever hasn't taken it by now resumes; what it holds up is let go.
    if (signal.aborted && response.writableNeedDrain) response.destroy();
  };
  return { status: 200, headers, stream };
}

async function* eventsAfter(
  { deps, caller: { owner } }: Reader,
  execution: Execution,
  from: { readonly afterId: number | null; readonly signal: AbortSignal },
): AsyncGenerator<Numbered> {
  const afterId = from.afterId ?? -1;
  if (afterId < 0) yield startedEvent(execution);
  const of = { execution, afterSequence: Math.max(0, afterId), signal: from.signal };
  for await (const next of follow(deps, owner, of)) {
    if (next.type === "event") yield itemEvent(next.event);
    else yield* endEvents(next.execution).filter(([id]) => id > afterId);
  }
}

/** Event by event, at the reader's pace. */
async function send(
  response: ServerResponse,
  events: AsyncIterable<Numbered>,
  signal: AbortSignal,
): Promise<void> {
  const { bytesMax } = deploymentLimits().streams;
  let sentBytes = 0;
  for await (const [id, event] of events) {
    const text = `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`;
    const bytes = Buffer.byteLength(text);
    // The first goes out however large it is, or it never would.
    if (signal.aborted || (sentBytes > 0 && sentBytes + bytes > bytesMax)) return;
    sentBytes += bytes;
    if (!response.write(text)) await drained(response, signal);
  }
}
