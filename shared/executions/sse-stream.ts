import type { ServerResponse } from "node:http";
import { deploymentLimits } from "../config.ts";
import type { Owner } from "../identity/owner.ts";
import { inMemoryTurn, type MemoryTurn } from "../limits/memory-turns.ts";
import { drained } from "../limits/paced-writing.ts";
import { fieldsBytes } from "../store/document-room.ts";
import { type Execution, hasEnded } from "../store/executions.ts";
import { endEvents, itemEvent, type Numbered, startedEvent } from "./event-bodies.ts";
import { laterExecutions } from "./later-executions.ts";
import { ReadAllowance } from "./read-allowance.ts";
import { eventId } from "./resume-point.ts";
import type { StreamStart } from "./stream-start.ts";
import type { SweepDeps } from "./sweep.ts";
import { tailEvents } from "./tail-events.ts";

/** Comments are sent this often, because proxies close connections that are silent for longer. */
export const commentMs = 15_000;
/** Larger events are sent in their owner's turn. */
const largeBytes = 64 * 1024;
const headers = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
};

/** An event and its id in the stream; null for one that no stream resumes at. */
type Identified = readonly [id: string | null, event: object];

export interface StreamReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: (response: ServerResponse) => Promise<void>;
}

export interface StreamReader {
  readonly deps: SweepDeps;
  readonly caller: { readonly owner: Owner; readonly key: { readonly id: string } };
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/**
 * Answers with the events of an execution and of those after it, each as a `data:` line of JSON
 * with the type inside. The stream ends after the last execution, or at one of its limits: before
 * the event that would exceed its bytes, at the end of its time, or after its number of reads. A
 * client resumes it by asking for what comes after the last `id:` it received.
 * @param before An event of this stream alone, which comes first.
 */
export function sseStream(
  reader: StreamReader,
  start: StreamStart,
  before: object | null = null,
): StreamReply {
  // Nothing comes after the end, so 204 tells browsers not to reconnect.
  if (isAtEnd(start)) {
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
      await send(response, inOrder(before, eventsFrom(reader, start, signal)), {
        turn: { ownerId: reader.caller.owner.id, asker: reader.caller.key.id },
        signal,
      });
    } finally {
      clearInterval(comments);
    }
    // A reader that hasn't taken its events by now is cut off, which frees their memory. It can
    // resume.
    if (signal.aborted && response.writableNeedDrain) response.destroy();
  };
  return { status: 200, headers, stream };
}

async function* inOrder(
  before: object | null,
  events: AsyncIterable<Identified>,
): AsyncGenerator<Identified> {
  if (before) yield [null, before];
  yield* events;
}

function isAtEnd({ execution, afterNumber, newestId }: StreamStart): boolean {
  if (afterNumber === null || newestId !== execution.id || !hasEnded(execution)) return false;
  const [lastNumber = 0] = endEvents(execution).at(-1) ?? [];
  return afterNumber >= lastNumber;
}

async function* eventsFrom(
  reader: StreamReader,
  { execution, afterNumber, newestId }: StreamStart,
  signal: AbortSignal,
): AsyncGenerator<Identified> {
  const reads = new ReadAllowance(deploymentLimits().streams.readsMax);
  yield* eventsOf(reader, { execution, afterNumber: afterNumber ?? -1, signal, reads });
  const { deps, caller } = reader;
  // A stream that was cut in the middle can be resumed there.
  const isCut = () => signal.aborted || reads.areUsedUp;
  if (isCut()) return;
  const following = { from: execution, newestId, reads };
  for await (const later of laterExecutions(deps, caller.owner, following)) {
    yield* eventsOf(reader, { execution: later, afterNumber: -1, signal, reads });
    if (isCut()) return;
  }
}

async function* eventsOf(
  { deps, caller: { owner } }: StreamReader,
  part: {
    readonly execution: Execution;
    readonly afterNumber: number;
    readonly signal: AbortSignal;
    readonly reads: ReadAllowance;
  },
): AsyncGenerator<Identified> {
  const { execution, afterNumber, signal, reads } = part;
  for await (const [number, event] of numbered()) yield [eventId(execution.id, number), event];

  async function* numbered(): AsyncGenerator<Numbered> {
    if (afterNumber < 0) yield startedEvent(execution);
    const of = { execution, afterSequence: Math.max(0, afterNumber), signal, reads };
    for await (const next of tailEvents(deps, owner, of)) {
      if (next.type === "event") yield itemEvent(next.event);
      else yield* endEvents(next.execution).filter(([number]) => number > afterNumber);
    }
  }
}

/**
 * Sends one event after another, as fast as the reader takes them. Large events wait for their
 * turn, so that few of one owner are in memory at once. A reader that leaves one while others wait
 * is cut off, and can resume.
 */
async function send(
  response: ServerResponse,
  events: AsyncIterable<Identified>,
  { turn, signal }: { readonly turn: MemoryTurn; readonly signal: AbortSignal },
): Promise<void> {
  const { bytesMax } = deploymentLimits().streams;
  let sentBytes = 0;
  for await (const identified of events) {
    const write = async (giveWay: AbortSignal | null) => {
      const [id, event] = identified;
      const named = id === null ? "" : `id: ${id}\n`;
      const text = `${named}data: ${JSON.stringify(event)}\n\n`;
      const bytes = Buffer.byteLength(text);
      // The first event is sent whatever its size, because it would be the first after resuming,
      // too.
      if (signal.aborted || (sentBytes > 0 && sentBytes + bytes > bytesMax)) return false;
      sentBytes += bytes;
      const left = giveWay === null ? signal : AbortSignal.any([signal, giveWay]);
      if (!response.write(text)) await drained(response, left);
      if (giveWay?.aborted !== true || !response.writableNeedDrain) return true;
      response.destroy();
      return false;
    };
    const isLarge = fieldsBytes(identified[1]) > largeBytes;
    if (!(await (isLarge ? inMemoryTurn(turn, write) : write(null)))) return;
  }
}
