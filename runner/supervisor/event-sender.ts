/** Numbers events and sends them in order: the first ones soon, later ones in batches. */
import type { z } from "zod";
import type { Item } from "#shared/protocol/item";
import {
  type EventsReply,
  eventBatchBytesMax,
  eventBatchLengthMax,
  type RunnerEvent,
} from "#shared/protocol/runner";

const textLengthMax = 32_000;
/**
 * The time between the first event and the first batch. A short script ends within it, so all its
 * events take one call. The first output of a longer script is hardly delayed.
 */
const firstWaitMs = 25;

export interface EventSenderDeps {
  readonly send: (events: readonly RunnerEvent[]) => Promise<z.infer<typeof EventsReply>>;
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
}

export class EventSender {
  readonly #deps: EventSenderDeps;
  #flushIntervalMs: number;
  #queue: RunnerEvent[] = [];
  #text = "";
  /** Whether `#text` was already there at the last flush; then its unfinished line is sent, too. */
  #isTextOld: boolean = false;
  #sequence = 0;
  #acknowledged = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #hasBegun: boolean = false;
  #failed: boolean = false;

  constructor(deps: EventSenderDeps, flushIntervalMs: number) {
    this.#deps = deps;
    this.#flushIntervalMs = flushIntervalMs;
  }

  /** The last number that the gateway has stored. */
  get acknowledgedSequence(): number {
    return this.#acknowledged;
  }

  emit(item: Item): void {
    this.#takeText(true);
    this.#push(item);
    this.#schedule();
  }

  /** Adds output, which is sent in whole lines where possible. */
  text(piece: string): void {
    if (piece === "") return;
    this.#text += piece;
    while (this.#text.length > textLengthMax) this.#pushText(cutAt(this.#text, textLengthMax));
    this.#schedule();
  }

  /** Sends everything; resolves when all is stored or a call has failed. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#sending;
    this.#takeText(true);
    while (this.#queue.length > 0 && !this.#failed) {
      this.#flush();
      await this.#sending;
    }
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#failed) return;
    const firstMs = this.#hasBegun ? 0 : firstWaitMs;
    const waitMs = this.#acknowledged === 0 ? firstMs : this.#flushIntervalMs;
    this.#timer = setTimeout(() => {
      this.#hasBegun = true;
      void this.#sending.then(() => {
        this.#timer = undefined;
        this.#takeText(this.#isTextOld || this.#acknowledged === 0);
        this.#isTextOld = this.#text !== "";
        if (this.#isTextOld) this.#schedule();
        this.#flush();
      });
    }, waitMs);
  }

  #flush(): void {
    this.#sending = this.#sending.then(() => this.#sendBatch());
  }

  /** Sends one batch at a time, so that a repeated batch can't overtake the next. */
  async #sendBatch(): Promise<void> {
    const batch = takeBatch(this.#queue);
    if (batch.length === 0 || this.#failed) return;
    try {
      const { flushIntervalMs } = await this.#deps.send(batch);
      this.#flushIntervalMs = flushIntervalMs;
      this.#queue = this.#queue.slice(batch.length);
      this.#acknowledged = batch.at(-1)?.sequence ?? this.#acknowledged;
      if (this.#queue.length > 0) this.#schedule();
    } catch (error) {
      this.#failed = true;
      this.#deps.onFailure(error);
    }
  }

  #takeText(all: boolean): void {
    const end = all ? this.#text.length : this.#text.lastIndexOf("\n") + 1;
    if (end > 0) this.#pushText(end);
  }

  #pushText(end: number): void {
    this.#push({ type: "text", content: this.#text.slice(0, end) });
    this.#text = this.#text.slice(end);
  }

  #push(item: Item): void {
    this.#sequence += 1;
    this.#queue.push({ sequence: this.#sequence, at: this.#deps.now(), item });
  }
}

/** Cuts at the end of a line if there is one, and never inside a surrogate pair. */
function cutAt(text: string, max: number): number {
  const line = text.lastIndexOf("\n", max - 1) + 1;
  if (line > 0) return line;
  const last = text.charCodeAt(max - 1);
  return last >= 0xd800 && last <= 0xdbff ? max - 1 : max;
}

function takeBatch(queue: readonly RunnerEvent[]): RunnerEvent[] {
  const batch: RunnerEvent[] = [];
  let sizeBytes = 0;
  for (const event of queue.slice(0, eventBatchLengthMax)) {
    sizeBytes += Buffer.byteLength(JSON.stringify(event)) + 1;
    if (batch.length > 0 && sizeBytes > eventBatchBytesMax - 1_024) break;
    batch.push(event);
  }
  return batch;
}
