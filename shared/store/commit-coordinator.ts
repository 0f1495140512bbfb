/**
 * The only thing that writes. A change is decided by a pure function, so it can be decided again:
 * when a precondition fails, the documents are read anew and the decision is repeated.
 *
 * Changes to one owner's account meet in one document. They wait in that owner's lane and are
 * committed together: one commit for all that arrived while the last one was under way. If the
 * commit fails although the account hasn't changed, one of them is at fault, and each goes alone.
 *
 * Lanes of one owner in several processes meet in the database. Whoever lost to another waits a
 * moment before each commit, longer with each loss and shorter with each gain, so that more changes
 * share a commit and fewer commits are made in vain; and it reads the account right before. Whoever
 * wins leaves a gap, or it would win for ever.
 */
import type { Owner } from "../auth/owner.ts";
import { ApiError } from "../errors/api-error.ts";
import { answered, isConflict } from "./answered.ts";
import type { Change, Committed, Decision } from "./change.ts";
import {
  accountWrite,
  announce,
  type Decided,
  decideTogether,
  finish,
  type KnownAccount,
  rejectAll,
  type Waiting,
} from "./decide-together.ts";
import type { Write } from "./documents.ts";
import { type Lane, lingerLonger, lingerShorter, newLane, nextPauseMs } from "./lane.ts";
import { accountId, accounts } from "./owners.ts";
import type { Store } from "./store.ts";

interface Failed {
  readonly decided: Decided;
  readonly writes: readonly Write[];
  readonly lane: Lane | null;
}

/** Firestore's own limits are far higher; a commit this size still answers within 100 ms. */
export const changesPerCommitMax = 40;
const attemptsMax = 12;
const backoffMsMax = 250;
/** How long a change may lose to other processes' before it is refused. */
export const contentionMsMax = 10_000;
/** Of what a change has read, when others got in between: as old as a key's entry may be. */
const readFreshMs = 1_000;
/** How long a change is tried again while the database doesn't answer; then it is refused. */
const patienceMs = 5_000;
/** Other processes change the account too; one known for longer than this is read again. */
const knownFreshMs = 200;
/** Lanes kept for their known account; an owner whose lane was dropped costs one more read. */
const lanesMax = 1_000;

export interface Chance {
  /** From 0 to below 1. */
  random(): number;
}

export class CommitCoordinator {
  readonly #store: Store;
  readonly #chance: Chance;
  readonly #lanes = new Map<string, Lane>();

  constructor(store: Store, chance: Chance) {
    this.#store = store;
    this.#chance = chance;
  }

  /** @throws {ApiError} what `decide` refused with, `CONTENTION`, or `UNAVAILABLE`. */
  async submit<D extends Decision>(change: Change<D>): Promise<Committed<D>> {
    const committed = new Promise<Committed<Decision>>((resolve, reject) => {
      const since = performance.now();
      const waiting = { change, resolve, reject, since, readAt: since, attempts: 0, stale: false };
      if (change.needsAccount) this.#enqueue(waiting);
      else void this.#commit([waiting], null);
    });
    return (await committed) as Committed<D>;
  }

  /** Begins to read the account that a change will want, while its own documents are read. */
  warm(owner: Owner): void {
    const lane = this.#lane(owner);
    if (!lane.running) this.#known(lane, owner).catch(() => {});
  }

  #lane({ id }: Owner): Lane {
    const lane = this.#lanes.get(id) ?? newLane();
    this.#lanes.delete(id);
    this.#lanes.set(id, lane);
    for (const [oldId, old] of this.#lanes) {
      if (this.#lanes.size <= lanesMax) break;
      if (!old.running) this.#lanes.delete(oldId);
    }
    return lane;
  }

  #enqueue(waiting: Waiting): void {
    const lane = this.#lane(waiting.change.owner);
    lane.waiting.push(waiting);
    if (!lane.running) void this.#run(lane);
  }

  async #run(lane: Lane): Promise<void> {
    lane.running = true;
    while (lane.waiting.length > 0) {
      await this.#linger(lane);
      await this.#commit(lane.waiting.splice(0, changesPerCommitMax), lane);
    }
    lane.running = false;
  }

  /** Commits `batch` together; whoever can't be, waits again or is refused. Never throws. */
  async #commit(batch: readonly Waiting[], lane: Lane | null): Promise<void> {
    try {
      const ready = await this.#refreshed(batch);
      const known = lane && ready.length > 0 ? await this.#account(lane, ready) : null;
      const decided = decideTogether(ready, known);
      if (lane && decided.outdated) lane.known = null;
      this.#again(decided.postponed, lane);
      await this.#write(decided, lane);
    } catch (error) {
      rejectAll(batch, error);
    }
  }

  async #refreshed(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    const refreshed = await Promise.all(
      batch.map(async (waiting) => {
        if (!waiting.stale) return waiting;
        try {
          waiting.readAt = performance.now();
          await waiting.change.refresh();
          waiting.stale = false;
          return waiting;
        } catch (error) {
          waiting.reject(error);
          return null;
        }
      }),
    );
    return refreshed.filter((waiting) => waiting !== null);
  }

  async #account(lane: Lane, batch: readonly Waiting[]): Promise<KnownAccount | null> {
    const owner = batch[0]?.change.owner;
    return owner ? await this.#known(lane, owner) : null;
  }

  async #known(lane: Lane, owner: Owner): Promise<KnownAccount | null> {
    if (lane.known && performance.now() - lane.known.since < knownFreshMs) return lane.known;
    lane.reading ??= this.#readAccount(lane, owner).finally(() => {
      lane.reading = null;
    });
    return await lane.reading;
  }

  async #readAccount(lane: Lane, owner: Owner): Promise<KnownAccount | null> {
    const since = performance.now();
    const { value, version } = await this.#store.get(accounts.of(owner, accountId));
    const read = value ? { value, version, since } : null;
    // A commit that ended while this read was under way knows better.
    if (!lane.known || lane.known.since < since) lane.known = read;
    return lane.known;
  }

  async #write(decided: Decided, lane: Lane | null): Promise<void> {
    const { parts, account } = decided;
    const writes = [...parts.flatMap(({ decision }) => decision.writes), ...accountWrite(decided)];
    if (writes.length === 0) return finish(parts, null);
    try {
      const beganAt = performance.now();
      const version = await answered(this.#store.commitOnce(writes));
      const since = performance.now();
      if (lane && account) {
        lane.known = { value: account, version, since };
        lingerShorter(lane, since - beganAt);
      }
      announce(decided);
      return finish(parts, version);
    } catch (error) {
      await this.#mend(error, { decided, writes, lane });
    }
  }

  /** After a commit that failed: it was done all the same, is tried again, or is refused. */
  async #mend(error: unknown, failed: Failed): Promise<void> {
    const { decided, writes, lane } = failed;
    const batch = decided.parts.map(({ waiting }) => waiting);
    try {
      if (await this.#happened(writes)) {
        if (lane) lane.known = null;
        announce(decided);
        finish(decided.parts, null);
      } else if (isConflict(error)) await this.#retry(batch, lane, decided.known);
      else await this.#waitOut(failed, error);
    } catch (unknown) {
      rejectAll(batch, unknown);
    }
  }

  /**
   * Whether a commit that failed was done all the same, its answer lost. The audit row it creates
   * has an id that nobody else makes.
   */
  async #happened(writes: readonly Write[]): Promise<boolean> {
    const marker = writes.find((write) => write.op === "create" && write.path.includes("/audit/"));
    if (!marker) return false;
    return await this.#store.exists(marker.path);
  }

  async #retry(
    batch: readonly Waiting[],
    lane: Lane | null,
    before: KnownAccount | null,
  ): Promise<void> {
    if (lane && (await this.#lost(lane, batch, before))) return this.#queueAgain(batch, lane);
    for (const waiting of batch) {
      waiting.attempts += 1;
      waiting.stale = true;
    }
    const spent = batch.filter(({ attempts }) => attempts >= attemptsMax);
    rejectAll(spent, new ApiError("CONTENTION"));
    const rest = batch.filter((waiting) => !spent.includes(waiting));
    const [first] = rest;
    if (!first) return;
    await this.#backOff(first.attempts);
    if (!lane || rest.length === 1) return this.#commit(rest, lane);
    for (const waiting of rest) await this.#commit([waiting], lane);
  }

  /** Whether another process has changed the account, so that nobody in `batch` is at fault. */
  async #lost(
    lane: Lane,
    batch: readonly Waiting[],
    before: KnownAccount | null,
  ): Promise<boolean> {
    lane.known = null;
    const now = await this.#account(lane, batch);
    return before !== null && now !== null && !now.version.isEqual(before.version);
  }

  /** Before those that came meanwhile; what they have read holds on, unless it has grown old. */
  #queueAgain(batch: readonly Waiting[], lane: Lane): void {
    lingerLonger(lane);
    const now = performance.now();
    const spent = batch.filter(({ since }) => now - since > contentionMsMax);
    rejectAll(spent, new ApiError("CONTENTION"));
    const rest = batch.filter((waiting) => !spent.includes(waiting));
    for (const waiting of rest) waiting.stale ||= now - waiting.readAt > readFreshMs;
    lane.waiting.unshift(...rest);
  }

  async #linger(lane: Lane): Promise<void> {
    const pauseMs = nextPauseMs(lane, this.#chance.random());
    if (pauseMs === 0) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (lane.lingerMs > 0) lane.known = null;
  }

  /** What failed can't land any more: whoever still has patience tries again. */
  async #waitOut({ decided, lane }: Failed, error: unknown): Promise<void> {
    const batch = decided.parts.map(({ waiting }) => waiting);
    const passing = error instanceof ApiError && error.code === "UNAVAILABLE";
    const patient = passing
      ? batch.filter(({ since }) => performance.now() - since < patienceMs)
      : [];
    const gaveUp = batch.filter((waiting) => !patient.includes(waiting));
    rejectAll(gaveUp, error);
    if (patient.length === 0) return;
    for (const waiting of patient) waiting.stale = true;
    await this.#backOff(attemptsMax);
    await this.#commit(patient, lane);
  }

  /** Full jitter, so that processes that met once don't meet again. */
  async #backOff(attempts: number): Promise<void> {
    const backoffMs = Math.min(backoffMsMax, 4 * 2 ** attempts) * this.#chance.random();
    await new Promise((resolve) => setTimeout(resolve, backoffMs));
  }

  #again(postponed: readonly Waiting[], lane: Lane | null): void {
    const spent = postponed.filter(({ attempts }) => attempts >= attemptsMax);
    rejectAll(spent, new ApiError("CONTENTION"));
    lane?.waiting.unshift(...postponed.filter((waiting) => !spent.includes(waiting)));
  }
}
