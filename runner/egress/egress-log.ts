/**
 * Sends the egress log to the gateway: numbered, in batches that don't change until they are
 * stored. An allowed attempt is stored before it is made. Refused attempts have a quota of their
 * own, so a flood of them doesn't hide allowed ones.
 */
import { setTimeout as wait } from "node:timers/promises";
import {
  EgressAttempt,
  type EgressEnd,
  type EgressEnding,
  type EgressRequest,
  egressBatchLengthMax,
  notRecordedRule,
} from "#shared/protocol/runner";
import type { AttemptLog, NewAttempt, OpenEntry } from "./connection-attempt.ts";
import { EgressRefusal } from "./refusal.ts";
import { RefusedRoom } from "./refused-room.ts";

export interface EgressLogDeps {
  readonly send: (call: EgressRequest) => Promise<unknown>;
  /** Whether an error of `send` is about the call's content, so that it would be refused again. */
  readonly isRefused: (error: unknown) => boolean;
  /** Whether the same call may succeed later. */
  readonly mayPass: (error: unknown) => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
}

/** Allowed attempts of one execution; each of them is in the log. */
const allowedMax = 100_000;
const flushIntervalMs = 5_000;
/** Each try takes as long as `send` needs to give up. */
const lastTriesMin = 3;
const pauseMs = 500;

interface Entry {
  attempt: EgressAttempt;
  readonly stored: PromiseWithResolvers<void>;
}

/** How an attempt ended that was reported as open. */
type Ended = Omit<EgressEnding, "batch">;

/** One document of the log. Its first number is its name, so its content never changes. */
type Batch = readonly Entry[];

export class EgressLog implements AttemptLog {
  readonly #deps: EgressLogDeps;
  readonly #room: RefusedRoom;
  #unsent = new Map<number, Entry>();
  #batches: Batch[] = [];
  /** Maps each open attempt to the batch that reports it, which may still be split. */
  readonly #reportedIn = new Map<number, number>();
  #ends: Ended[] = [];
  /** How many ends go into a call; 1 once some were refused, so that others aren't affected. */
  #endsAtOnce = egressBatchLengthMax;
  #sequence = 0;
  #allowed = 0;
  #cut = 0;
  #cutTold = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | null = null;
  /** Whether what the last call failed for, if it has, may pass. */
  #mayPass: boolean = true;

  constructor(deps: EgressLogDeps) {
    this.#deps = deps;
    this.#room = new RefusedRoom(deps.now);
  }

  /** @throws {EgressRefusal} `log_full`, or `malformed_request` for what no log could hold. */
  open(attempt: NewAttempt): OpenEntry {
    const { data } = EgressAttempt.safeParse({ ...attempt, sequence: 1, open: true });
    if (!data) throw new EgressRefusal("malformed_request");
    if (this.#allowed >= allowedMax) throw new EgressRefusal("log_full");
    this.#allowed += 1;
    const { attempt: added, stored } = this.#add(data);
    this.#flush();
    return { stored: stored.promise, end: (how) => this.#end(added.sequence, how) };
  }

  record(attempt: NewAttempt): void {
    if (attempt.verdict === "refused") this.#room.remember(attempt);
    if (!this.#room.take()) {
      this.#cut += 1;
      return;
    }
    const { data } = EgressAttempt.safeParse({ ...attempt, sequence: 1 });
    this.#add(data ?? bare({ ...attempt, sequence: 1 }));
    this.#flushSoon();
  }

  /** The names of the first refused hosts. */
  refused(): readonly string[] {
    return this.#room.names();
  }

  /** Sends everything; resolves when it is stored, or can't be by `until` and in a few tries. */
  async end(until: number): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      await this.#sending;
      await this.#sendAll();
      if (!this.#hasMore() && this.#cut > this.#cutTold) await this.#sendNext();
      const leftMs = until - this.#deps.now();
      if (!this.#hasMore()) break;
      if (tries < lastTriesMin) continue;
      if (leftMs <= 0 || !this.#mayPass) break;
      await wait(Math.min(pauseMs, leftMs));
    }
    clearTimeout(this.#timer);
  }

  #add(attempt: EgressAttempt): Entry {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const entry = { attempt: { ...attempt, sequence }, stored: Promise.withResolvers<void>() };
    entry.stored.promise.catch(() => undefined);
    this.#unsent.set(sequence, entry);
    return entry;
  }

  #end(sequence: number, how: EgressEnd): void {
    const entry = this.#unsent.get(sequence);
    if (entry) {
      const { open: _open, ...attempt } = entry.attempt;
      entry.attempt = { ...attempt, ...how };
    } else {
      this.#ends.push({ ...how, sequence });
    }
    this.#flushSoon();
  }

  #hasMore(): boolean {
    return this.#unsent.size + this.#batches.length + this.#ends.length > 0;
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, flushIntervalMs);
  }

  /** Sends one call at a time; what comes meanwhile goes into the next. */
  #flush(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
      const [next] = this.#unsent.values();
      if (next?.attempt.open) this.#flush();
      else if (this.#hasMore()) this.#flushSoon();
    });
  }

  /** Continues until nothing is left or the gateway can't be reached. */
  async #sendAll(): Promise<void> {
    let isHeard = true;
    while (isHeard && this.#hasMore()) {
      this.#formBatches();
      isHeard = await this.#sendNext();
    }
  }

  #formBatches(): void {
    const entries = [...this.#unsent.values()];
    this.#unsent = new Map();
    for (let from = 0; from < entries.length; from += egressBatchLengthMax) {
      this.#batches.push(entries.slice(from, from + egressBatchLengthMax));
    }
    for (const batch of this.#batches) this.#noteOpen(batch);
  }

  #noteOpen(batch: Batch): void {
    for (const { attempt } of batch) {
      if (attempt.open) this.#reportedIn.set(attempt.sequence, batch[0]?.attempt.sequence ?? 1);
    }
  }

  async #sendNext(): Promise<boolean> {
    const batch = this.#batches[0] ?? [];
    const firstSequence = batch[0]?.attempt.sequence ?? this.#sequence + 1;
    const cut = this.#cut;
    const ends = this.#takeEnds(batch.length > 0 ? firstSequence : null);
    try {
      const attempts = batch.map(({ attempt }) => attempt);
      const placed = ends.map((end) => ({ ...end, batch: this.#batchOf(end) }));
      await this.#deps.send({ attempts, firstSequence, cut, ends: placed });
    } catch (error) {
      this.#mayPass = this.#deps.mayPass(error);
      this.#deps.onFailure(error);
      if (this.#deps.isRefused(error)) return this.#split(batch, ends);
      return this.#keep(ends);
    }
    this.#cutTold = cut;
    if (batch.length > 0) this.#batches.shift();
    for (const { stored } of batch) stored.resolve();
    for (const { sequence } of ends) this.#reportedIn.delete(sequence);
    return true;
  }

  /** Takes ends whose batch is stored; batches are stored in order. */
  #takeEnds(before: number | null): Ended[] {
    if (before !== null && this.#endsAtOnce === 1) return [];
    const isDue = (end: Ended) => before === null || this.#batchOf(end) < before;
    const due = new Set(this.#ends.filter(isDue).slice(0, this.#endsAtOnce));
    this.#ends = this.#ends.filter((end) => !due.has(end));
    return [...due];
  }

  #batchOf({ sequence }: Ended): number {
    return this.#reportedIn.get(sequence) ?? sequence;
  }

  /** Keeps ends for a later call. Attempts that wait to be recorded are refused. */
  #keep(ends: readonly Ended[]): false {
    this.#ends.unshift(...ends);
    for (const { stored } of this.#batches.flat())
      stored.reject(new EgressRefusal("log_unavailable"));
    return false;
  }

  /**
   * Splits a refused call, so that an invalid entry affects only itself. @returns Whether there is
   * more to try.
   */
  #split(batch: Batch, ends: readonly Ended[]): boolean {
    if (ends.length > 0) {
      const [end] = ends;
      if (batch.length > 0 || ends.length > 1) this.#ends.unshift(...ends);
      else if (end) {
        this.#reportedIn.delete(end.sequence);
        this.#cut += 1;
      }
      this.#endsAtOnce = 1;
      return true;
    }
    const [entry] = batch;
    if (entry === undefined) return false;
    if (batch.length > 1) {
      const half = batch.length >> 1;
      this.#batches.splice(0, 1, batch.slice(0, half), batch.slice(half));
    } else if (entry.attempt.rule !== notRecordedRule) {
      entry.attempt = bare(entry.attempt);
      entry.stored.reject(new EgressRefusal("malformed_request"));
    } else {
      this.#batches.shift();
      this.#cut += 1;
    }
    return true;
  }
}

/** Replaces an attempt that can't be stored as it is; none of its text is kept. */
function bare({ sequence, at, method, verdict }: EgressAttempt): EgressAttempt {
  return {
    ...{ sequence, at: Number.isSafeInteger(at) && at >= 0 ? at : 0, host: "", port: 0, method },
    ...{ verdict, rule: notRecordedRule, address: null },
    ...{ sentBytes: 0, receivedBytes: 0, durationMs: 0 },
  };
}
