/** Reads server-sent events, and goes on where a connection broke. */
import { setTimeout as pause } from "node:timers/promises";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import * as z from "zod";
import { ApiRefusal, ConnectionLost, mayPass } from "./api-client.ts";
import { CommandError } from "./exits.ts";

/** The server sends a comment every 15 seconds, so a longer silence is a dead connection. */
const silentMsMax = 45_000;
/** One event holds at most an execution's whole output. */
const eventCharactersMax = 16 * 1024 * 1024;
const triesMax = 8;
const pauseMsMax = 10_000;

const EventData = z.looseObject({ type: z.string() });
export interface StreamEvent {
  /** What `Last-Event-ID` takes; null if the server gave none. */
  readonly id: string | null;
  readonly data: z.infer<typeof EventData>;
}

/** @throws {ConnectionLost} if the connection breaks, or is silent for too long. */
export async function* readEvents(answer: Response): AsyncGenerator<StreamEvent> {
  if (!answer.body) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const messages: EventSourceMessage[] = [];
  const parser = createParser({
    maxBufferSize: eventCharactersMax,
    onEvent: (message) => messages.push(message),
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded") throw new CommandError("An event is too large.");
    },
  });
  try {
    for (;;) {
      // Comments keep it alive, so it's what arrives that counts, and not events.
      const { done, value } = await readInTime(reader);
      if (done) return;
      parser.feed(value);
      for (const message of messages.splice(0)) yield eventIn(message);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function readInTime(reader: ReadableStreamDefaultReader<string>) {
  const timer = new AbortController();
  const silence = pause(silentMsMax, "silent" as const, { signal: timer.signal, ref: false });
  try {
    const read = await Promise.race([reader.read(), silence.catch(() => "silent" as const)]);
    if (read === "silent") throw new ConnectionLost("The stream fell silent.");
    return read;
  } catch (error) {
    throw error instanceof CommandError ? error : new ConnectionLost("The stream broke.");
  } finally {
    timer.abort();
  }
}

function eventIn({ id, data }: EventSourceMessage): StreamEvent {
  const parsed = EventData.safeParse(JSON.parse(data));
  if (!parsed.success) throw new CommandError("The stream has something else than events.");
  return { id: id ?? null, data: parsed.data };
}

/**
 * Yields events, each once, until the stream has nothing more or the caller stops.
 * @param open Opens the stream behind the event with that id; null for its start.
 * @param pauseMsMin The first pause before another try; each further one is twice as long.
 * @throws what `open` throws, where trying again is of no use.
 */
export async function* resumedEvents(
  open: (lastEventId: string | null) => Promise<Response>,
  signal: AbortSignal,
  pauseMsMin = 250,
): AsyncGenerator<StreamEvent> {
  let lastEventId: string | null = null;
  let tries = 0;
  for (;;) {
    let waitMs = Math.min(pauseMsMin * 2 ** tries, pauseMsMax);
    try {
      const answer = await open(lastEventId);
      // The server says so when nothing follows the event that was named.
      if (answer.status === 204) return;
      for await (const event of readEvents(answer)) {
        lastEventId = event.id ?? lastEventId;
        tries = 0;
        yield event;
      }
    } catch (error) {
      waitMs = Math.max(waitMs, retryAfterMs(error));
      if (tries + 1 >= triesMax || signal.aborted) throw error;
    }
    tries += 1;
    if (tries >= triesMax) throw new ConnectionLost("The stream keeps ending early.");
    await pause(waitMs, undefined, { signal });
  }
}

/** @throws the error itself where the same request would fail again. */
function retryAfterMs(error: unknown): number {
  if (!mayPass(error)) throw error;
  if (!(error instanceof ApiRefusal)) return 0;
  const seconds = Number(error.headers.get("retry-after") ?? 0);
  return Math.min(Number.isFinite(seconds) ? seconds * 1_000 : 0, pauseMsMax);
}
