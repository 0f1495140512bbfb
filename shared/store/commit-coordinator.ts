/**
 * The only thing that writes. A change is decided by a pure function, so it can be decided again:
 * when a precondition fails, the documents are read anew and the decision is repeated.
 *
 * Changes to one owner's account meet in one document. They wait in that owner's lane and are
 * committed together: one commit for all that arrived while the last one was under way, as far as
 * it has room. If a commit fails although the account hasn't changed and the database is there, one
 * of them is at fault: from then on each of them is committed alone, in turn with those that came
 * later, so that a change which can't be done costs nobody but the one who sent it.
 *
 * Closings (revoking, suspending, stopping) never share a commit with what tenants sent, and wait
 * for none of it. Those that name no version go out at once; those that decide on the account have
 * a lane of their own. What tenants sent waits until they are done (KEY-10).
 *
 * Lanes of one owner in several processes meet in the database. Whoever lost to another waits a
 * moment before each commit, longer with each loss and shorter with each gain, so that more changes
 * share a commit and fewer commits are made in vain; and it reads the account right before. Whoever
 * wins leaves a gap, or it would win for ever.
 */
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { answered, isAway, isConflict, isExhausted } from "./answered.ts";
import type { Change, Committed, Decision } from "./change.ts";
import {
  accountWrite,
  announce,
  type Decided,
  decideTogether,
  finish,
  type KnownAccount,
  refreshed,
  rejectAll,
  type Waiting,
} from "./decide-together.ts";
import type { Write } from "./documents.ts";
import { growDelay, type Lane, Lanes, nextPauseMs, shrinkDelay, takeNext } from "./lane.ts";
import { accountId, accounts } from "./owners.ts";
import {
  awayPauseMs,
  backOffMs,
  hasLostTooLong,
  hasPatience,
  isReadOld,
  isSpent,
  pause,
} from "./patience.ts";
import type { Store } from "./store.ts";

interface Failed {
  readonly decided: Decided;
  readonly writes: readonly Write[];
  readonly lane: Lane | null;
}

interface Outcome {
  readonly lane: Lane | null;
  readonly error: unknown;
}

/** Other processes change the account too; one known for longer than this is read again. */
const knownFreshMs = 200;

export interface RandomSource {
  /** From 0 to below 1. */
  random(): number;
}

/** What of a store it needs: one that tests make fail is as good as Firestore's. */
export type CommitStore = Pick<Store, "get" | "exists" | "commitOnce">;

export class CommitCoordinator {
  readonly #store: CommitStore;
  readonly #chance: RandomSource;
  readonly #lanes = new Lanes();

  constructor(store: CommitStore, chance: RandomSource) {
    this.#store = store;
    this.#chance = chance;
  }

  /** @throws {ApiError} what `decide` refused with, `CONTENTION`, or `UNAVAILABLE`. */
  async submit<D extends Decision>(change: Change<D>): Promise<Committed<D>> {
    const committed = new Promise<Committed<Decision>>((resolve, reject) => {
      const since = performance.now();
      const state = { since, readAt: since, attempts: 0, stale: false };
      const waiting = { change, resolve, reject, ...state, alone: false, notBefore: 0 };
      if (change.needsAccount) this.#enqueue(waiting);
      else void this.#commit([waiting], null);
    });
    if (change.closes) this.#letPass(change.owner, committed);
    return (await committed) as Committed<D>;
  }

  /** Begins to read the account that a change will want, while its own documents are read. */
  warm(owner: Owner): void {
    const lane = this.#lanes.of(owner);
    if (!lane.running) this.#known(lane, owner).catch(() => {});
  }

  /** Holds what tenants sent back until a closing is done. */
  #letPass(owner: Owner, closing: Promise<unknown>): void {
    const { closings } = this.#lanes.of(owner);
    const done = closing.catch(() => {}).finally(() => closings.delete(done));
    closings.add(done);
  }

  #enqueue(waiting: Waiting): void {
    const { owner, closes } = waiting.change;
    const lane = closes ? this.#lanes.closingsOf(owner) : this.#lanes.of(owner);
    lane.waiting.push(waiting);
    if (!lane.running) void this.#run(lane);
  }

  async #run(lane: Lane): Promise<void> {
    lane.running = true;
    while (lane.waiting.length > 0) {
      await this.#linger(lane);
      // Those that are under way now: more of them can't keep it from ever going on.
      await Promise.all(lane.closings);
      const next = takeNext(lane, performance.now());
      if (next.batch) await this.#commit(next.batch, lane);
      else await pause(next.inMs);
    }
    lane.running = false;
  }

  /** Commits `batch` together; whoever can't be, waits again or is refused. Never throws. */
  async #commit(batch: readonly Waiting[], lane: Lane | null): Promise<void> {
    try {
      const ready = await refreshed(batch);
      const known = lane && (await this.#account(lane, ready));
      const decided = decideTogether(ready, known);
      if (lane && decided.outdated) lane.known = null;
      this.#again(decided.postponed, lane);
      await this.#write(decided, lane);
    } catch (error) {
      rejectAll(batch, error);
    }
  }

  async #account(lane: Lane, [first]: readonly Waiting[]): Promise<KnownAccount | null> {
    return first ? await this.#known(lane, first.change.owner) : null;
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
    const writes = parts.flatMap(({ decision }) => decision.writes);
    if (writes.length === 0 && !account) return finish(parts, null);
    try {
      writes.push(...accountWrite(decided));
      const beganAt = performance.now();
      const versions = await answered(this.#store.commitOnce(writes));
      const since = performance.now();
      // Its own version, never the commit's time: an account that was left as it was has an older.
      const version = versions.at(-1);
      if (lane && account) {
        lane.known = version ? { value: account, version, since } : null;
        shrinkDelay(lane, since - beganAt);
      }
      announce(decided);
      return finish(parts, versions);
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
      else if (isAway(error) && !(isExhausted(error) && batch.length > 1)) {
        await this.#waitOut(batch, { lane, error });
      } else this.#separate(batch, { lane, error });
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
    const now = performance.now();
    for (const waiting of batch) {
      waiting.attempts += 1;
      waiting.stale = true;
      waiting.alone = true;
      waiting.notBefore = batch.length > 1 ? now : now + backOffMs(waiting, this.#chance.random());
    }
    const spent = batch.filter((waiting) => isSpent(waiting, now));
    rejectAll(spent, new ApiError("CONTENTION"));
    const rest = batch.filter((waiting) => !spent.includes(waiting));
    if (lane) lane.waiting.push(...rest);
    else await this.#afterPause(rest);
  }

  /** Without a lane there is nobody else to let by. */
  async #afterPause([waiting]: readonly Waiting[]): Promise<void> {
    if (!waiting) return;
    await pause(waiting.notBefore - performance.now());
    await this.#commit([waiting], null);
  }

  /**
   * One of them can't be committed, whoever it is, or what was known of the account was wrong. Each
   * is tried alone on an account that is read for it, and what fails then is that change's own.
   */
  #separate(batch: readonly Waiting[], { lane, error }: Outcome): void {
    const own = batch.filter(({ alone }) => !lane || (alone && batch.length === 1));
    rejectAll(own, error);
    const rest = batch.filter((waiting) => !own.includes(waiting));
    for (const waiting of rest) waiting.alone = true;
    if (!lane) return;
    lane.known = null;
    lane.waiting.unshift(...rest);
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
    growDelay(lane);
    const now = performance.now();
    const spent = batch.filter((waiting) => hasLostTooLong(waiting, now));
    rejectAll(spent, new ApiError("CONTENTION"));
    const rest = batch.filter((waiting) => !spent.includes(waiting));
    for (const waiting of rest) waiting.stale ||= isReadOld(waiting, now);
    lane.waiting.unshift(...rest);
  }

  async #linger(lane: Lane): Promise<void> {
    const pauseMs = nextPauseMs(lane, this.#chance.random());
    if (pauseMs === 0) return;
    await pause(pauseMs);
    if (lane.lingerMs > 0) lane.known = null;
  }

  /** What failed can't land any more: whoever still has patience tries again. */
  async #waitOut(batch: readonly Waiting[], { lane, error }: Outcome): Promise<void> {
    const now = performance.now();
    const patient = batch.filter((waiting) => hasPatience(waiting, now));
    const gaveUp = batch.filter((waiting) => !patient.includes(waiting));
    rejectAll(gaveUp, error);
    const notBefore = now + awayPauseMs(this.#chance.random());
    for (const waiting of patient) Object.assign(waiting, { stale: true, notBefore });
    if (lane) lane.waiting.unshift(...patient);
    else await this.#afterPause(patient);
  }

  #again(postponed: readonly Waiting[], lane: Lane | null): void {
    const now = performance.now();
    const spent = postponed.filter((waiting) => isSpent(waiting, now));
    rejectAll(spent, new ApiError("CONTENTION"));
    lane?.waiting.unshift(...postponed.filter((waiting) => !spent.includes(waiting)));
  }
}
