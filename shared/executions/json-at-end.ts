import type * as z from "zod";
import { deploymentLimits } from "../config.ts";
import type { MessageAnswer } from "../contract/execution.ts";
import { type Execution, executions, hasEnded } from "../store/executions.ts";
import { answerText, response, run, whyEnded } from "./event-bodies.ts";
import { ReadAllowance } from "./read-allowance.ts";
import { commentMs, type StreamReader, type StreamReply } from "./sse-stream.ts";
import { tailEvents } from "./tail-events.ts";

/**
 * Answers with one JSON object once the execution has ended, or with its state so far when a
 * stream would end. Until then it sends white space, which JSON allows, because proxies and clients
 * close connections that are silent for long.
 */
export function jsonAtEnd(
  reader: StreamReader,
  execution: Execution,
  {
    bodyOf = messageAnswer,
    waitMsMax = Number.POSITIVE_INFINITY,
  }: { readonly bodyOf?: (execution: Execution) => object; readonly waitMsMax?: number } = {},
): StreamReply {
  const stream: StreamReply["stream"] = async (answer) => {
    const { msMax, readsMax } = deploymentLimits().streams;
    const waitMs = Math.min(msMax, waitMsMax);
    const signal = AbortSignal.any([reader.signal, AbortSignal.timeout(waitMs)]);
    answer.write("\n");
    const spaces = setInterval(() => {
      if (!answer.writableNeedDrain) answer.write("\n");
    }, commentMs);
    try {
      const reads = new ReadAllowance(readsMax);
      const latest = await stateAtEnd(reader, { execution, signal, reads });
      if (!reader.signal.aborted) answer.write(JSON.stringify(bodyOf(latest)));
    } finally {
      clearInterval(spaces);
    }
  };
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-cache",
  };
  return { status: 200, headers, stream };
}

/** The execution once it has ended, or as it is when `signal` is aborted. */
export async function stateAtEnd(
  { deps, caller: { owner } }: StreamReader,
  part: {
    readonly execution: Execution;
    readonly signal: AbortSignal;
    readonly reads: ReadAllowance;
  },
): Promise<Execution> {
  for await (const next of tailEvents(deps, owner, { ...part, afterSequence: 0 })) {
    if (next.type === "end") return next.execution;
  }
  return (await deps.store.require(executions.of(owner, part.execution.id))).value;
}

/** What the events at the end of a stream say, in one object. */
export function messageAnswer(execution: Execution): z.input<typeof MessageAnswer> {
  const { threadId, status, reason, detail } = execution;
  if (!hasEnded(execution)) {
    const state = { id: execution.id, threadId, status: status === "queued" ? "pending" : status };
    return { threadId, content: null, error: null, message: null, response: null, run: state };
  }
  const failed = status === "failed" && reason !== null;
  return {
    threadId,
    content: answerText(execution),
    error: failed ? reason : null,
    message: failed ? whyEnded(reason, detail) : null,
    response: response(execution),
    run: run(execution),
  };
}
