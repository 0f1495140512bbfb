/** Numbers events and sends them in order: the first ones soon, later ones in batches. */
import { setTimeout as wait } from "node:timers/promises";
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
/** The time between tries of a batch that couldn't be sent; each try repeats its call by itself. */
const pauseMs = 1_000;
/** How long a batch is tried, which bounds what waits behind it in memory. */
const patienceMs = 5 * 60_000;

export interface EventSenderDeps {
  readonly send: (events: readonly RunnerEvent[]) => Promise<z.infer<typeof EventsReply>>;
  readonly now: () => number;
  /** Whether what failed may succeed later. */
  readonly mayPass: (error: unknown) => boolean;
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
  #isEnding: boolean = false;
  /**
   * What was sent and may be stored, although no answer said so. It is sent again as it was: the
   * gateway stores once what begins at a number, and says that all of a longer batch is stored.
   */
  #unanswered: readonly RunnerEvent[] = [];
  /** Since when nothing could be sent; null if the last call succeeded. */
  #failingSince: number | null = null;
  /** Whether it was given up. What is said from then on isn't kept. */
  #failed: boolean = false;

  constructor(deps: EventSenderDeps, flushIntervalMs: number) {
    this.#deps = deps;
    this.#flushIntervalMs = flushIntervalMs;
  }

  /**
   * The last number that was given. The gateway has stored it, unless something is missing: then
   * the log doesn't reach it, by which its readers see that.
   */
  get lastSequence(): number {
    return this.#sequence;
  }

  emit(item: Item): void {
    if (this.#failed) return;
    this.#takeText(true);
    this.#push(item);
    this.#schedule();
  }

  /** Adds output, which is sent in whole lines where possible. */
  text(piece: string): void {
    if (piece === "" || this.#failed) return;
    this.#text += piece;
    while (this.#text.length > textLengthMax) this.#pushText(cutAt(this.#text, textLengthMax));
    this.#schedule();
  }

  /** Whether all that was said is stored. */
  get isComplete(): boolean {
    return !this.#failed && this.#queue.length === 0 && this.#text === "";
  }

  /** Sends everything; resolves when all is stored, or nothing more can be by `until`. */
  async end(until: number): Promise<void> {
    this.#isEnding = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#sending;
    this.#takeText(true);
    while (this.#queue.length > 0) {
      this.#flush();
      await this.#sending;
      if (this.#failingSince === null) continue;
      const leftMs = until - this.#deps.now();
      if (leftMs <= 0) return;
      await wait(Math.min(pauseMs, leftMs));
    }
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#failed || this.#isEnding) return;
    const firstMs = this.#hasBegun ? 0 : firstWaitMs;
    const usualMs = this.#acknowledged === 0 ? firstMs : this.#flushIntervalMs;
    const waitMs = this.#failingSince === null ? usualMs : Math.max(usualMs, pauseMs);
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
    if (this.#failed) return;
    const batch = this.#unanswered.length > 0 ? this.#unanswered : takeBatch(this.#queue);
    if (batch.length === 0) return;
    this.#unanswered = batch;
    try {
      const { flushIntervalMs } = await this.#deps.send(batch);
      this.#flushIntervalMs = flushIntervalMs;
      this.#queue = this.#queue.slice(batch.length);
      this.#acknowledged = batch.at(-1)?.sequence ?? this.#acknowledged;
      this.#unanswered = [];
      this.#failingSince = null;
    } catch (error) {
      this.#failingSince ??= this.#deps.now();
      const isLate = this.#deps.now() - this.#failingSince > patienceMs;
      if (isLate || !this.#deps.mayPass(error)) this.#giveUp();
      this.#deps.onFailure(error);
    }
    if (this.#queue.length > 0) this.#schedule();
  }

  #giveUp(): void {
    this.#failed = true;
    this.#queue = [];
    this.#text = "";
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
