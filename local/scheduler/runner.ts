/** One job's clock: due times, attempts, retries, and never two runs at once. */
import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { type AttemptOptions, type AttemptOutcome, attempt } from "./attempt.ts";
import { backoffMs, type JobDefinition, nextDueMs } from "./job.ts";

/** Timers hold 2^31 ms at most, so a later time is reached in steps. */
const stepMsMax = 86_400_000;

export class JobRunner {
  definition: JobDefinition;
  dueAtMs: number | null = null;
  lastAttemptAtMs: number | null = null;
  lastOutcome: AttemptOutcome | null = null;
  readonly #issue: AttemptOptions["issue"];
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<AttemptOutcome> | undefined;

  constructor(definition: JobDefinition, issue: AttemptOptions["issue"]) {
    this.definition = definition;
    this.#issue = issue;
    this.#arm();
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  setPaused(paused: boolean): void {
    this.definition = { ...this.definition, paused };
    this.#arm();
  }

  /** Runs now. A run that is under way is joined, not repeated. */
  run(scheduledAtMs = Date.now()): Promise<AttemptOutcome> {
    this.#running ??= this.#attempts(scheduledAtMs).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#closing.abort();
    await this.#running;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { paused, schedule } = this.definition;
    this.dueAtMs = paused ? null : nextDueMs(schedule, Date.now());
    this.#wait();
  }

  #wait(): void {
    if (this.dueAtMs === null || this.#closing.signal.aborted) return;
    const waitMs = Math.min(this.dueAtMs - Date.now(), stepMsMax);
    this.#timer = setTimeout(() => this.#wake(), Math.max(waitMs, 0));
  }

  #wake(): void {
    const dueAtMs = this.dueAtMs;
    if (dueAtMs === null) return;
    if (dueAtMs > Date.now()) {
      this.#wait();
      return;
    }
    // A run that outlasts its interval suppresses the next one.
    if (!this.isRunning) void this.run(dueAtMs);
    this.#arm();
  }

  async #attempts(scheduledAtMs: number): Promise<AttemptOutcome> {
    const { retry } = this.definition;
    const { signal } = this.#closing;
    const startedAtMs = Date.now();
    for (let tried = 0; ; tried += 1) {
      this.lastAttemptAtMs = Date.now();
      const job = this.definition;
      const outcome = await attempt({ job, scheduledAtMs, signal, issue: this.#issue });
      this.lastOutcome = outcome;
      const waitMs = backoffMs(retry, tried + 1);
      const wouldLastMs = Date.now() + waitMs - startedAtMs;
      const isOver = retry.durationMsMax > 0 && wouldLastMs > retry.durationMsMax;
      if (outcome.code === status.OK || tried >= retry.retriesMax || isOver) return outcome;
      await delay(waitMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return outcome;
    }
  }
}
