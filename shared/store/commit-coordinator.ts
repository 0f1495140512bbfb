/**
 * The only code that writes. A pure function decides each change, so it can be repeated: when a
 * precondition fails, the documents are read again and the change is decided again.
 *
 * Changes to one owner's account meet in one document. They wait in that owner's lane and are
 * committed together: one commit takes all that arrived during the last one, as far as there is
 * room. If a commit fails although the account hasn't changed and the database answers, one of its
 * changes is at fault. From then on each of them is committed alone, alternating with later ones,
 * so that an impossible change delays only its sender.
 *
 * Closings (revoking, suspending, stopping) never share a commit with other changes and don't wait
 * for them. Those that name no version are committed at once; those that decide on the account have
 * a lane of their own. Other changes wait until they are done (KEY-10).
 *
 * Lanes of one owner in several processes compete in the database. A process that loses waits a
 * moment before its next commits, longer with each loss and shorter with each win, so that more
 * changes share a commit and fewer commits fail; it reads the account directly before. A winner
 * pauses afterwards, or the others would never get in.
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

/** Other processes change the account too, so a copy older than this is read again. */
const knownFreshMs = 200;

export interface RandomSource {
  /** Returns a number from 0 to below 1. */
  random(): number;
}

/** The parts of a store that are needed here, so that tests can pass one that fails. */
export type CommitStore = Pick<Store, "get" | "exists" | "commitOnce">;

export class CommitCoordinator {
  readonly #store: CommitStore;
  readonly #chance: RandomSource;
  readonly #lanes = new Lanes();

  constructor(store: CommitStore, chance: RandomSource) {
    this.#store = store;
    this.#chance = chance;
  }

  /** @throws {ApiError} the refusal of `decide`, `CONTENTION`, or `UNAVAILABLE`. */
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

  /** Starts to read the account that a change will need while its own documents are read. */
  warm(owner: Owner): void {
    const lane = this.#lanes.of(owner);
    if (!lane.running) this.#known(lane, owner).catch(() => {});
  }

  /** Holds the owner's other changes back until a closing is done. */
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
      // Waits for the closings under way now; later ones can't delay it for ever.
      await Promise.all(lane.closings);
      const next = takeNext(lane, performance.now());
      if (next.batch) await this.#commit(next.batch, lane);
      else await pause(next.inMs);
    }
    lane.running = false;
  }

  /** Commits `batch` together; what can't be committed waits again or is refused. Never throws. */
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
    // A commit that ended during this read knows a newer account.
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
      // The document's own version and not the commit's time, which differ if it didn't change.
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

  /** Handles a failed commit: it may have happened all the same, is tried again, or is refused. */
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
   * Whether a failed commit happened and only its answer was lost. The id of its audit row is
   * unique, so the row's existence proves it.
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

  /** A change without a lane has no other changes to let pass. */
  async #afterPause([waiting]: readonly Waiting[]): Promise<void> {
    if (!waiting) return;
    await pause(waiting.notBefore - performance.now());
    await this.#commit([waiting], null);
  }

  /**
   * One change can't be committed, or the known account was wrong. Each change is tried alone on an
   * account that is read for it; if it fails then, it is at fault itself.
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

  /** Whether another process changed the account, so that no change in `batch` is at fault. */
  async #lost(
    lane: Lane,
    batch: readonly Waiting[],
    before: KnownAccount | null,
  ): Promise<boolean> {
    lane.known = null;
    const now = await this.#account(lane, batch);
    return before !== null && now !== null && !now.version.isEqual(before.version);
  }

  /** Queues them before later changes; what they have read stays valid unless it is too old. */
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

  /** A failed commit can't land any more, so changes that have patience left try again. */
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
