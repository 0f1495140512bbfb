/**
 * The only thing that writes. A change is decided by a pure function, so it can be decided again:
 * when a precondition fails, the documents are read again and the decision is repeated.
 *
 * Changes to one owner's account meet in one document. They wait in that owner's queue and are
 * committed together: one commit for all that arrived while the last one was under way, as far as
 * it has room. If a commit fails although the account hasn't changed and the database is there, one
 * of them is at fault: from then on each of them is committed alone, in turn with those that came
 * later, so that a change which can't be done costs nobody but the one who sent it.
 *
 * Closings (revoking, suspending, stopping) never share a commit with what tenants sent, and wait
 * for none of it. Those that name no version go out at once; those that decide on the account have
 * a queue of their own. What tenants sent waits until they are done (KEY-10).
 *
 * Queues of one owner in several processes meet in the database. A process that lost to another
 * waits before each commit, longer with each loss and shorter with each gain, so that more changes
 * share a commit; and it reads the account right before. One that wins leaves a gap to others.
 */
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { Change, Committed, Decision } from "./change.ts";
import {
  accountWrite,
  announce,
  type DecidedBatch,
  decideTogether,
  finish,
  type KnownAccount,
  refreshed,
  rejectAll,
  type Waiting,
} from "./decide-together.ts";
import type { Write } from "./documents.ts";
import {
  growDelay,
  nextPauseMs,
  type OwnerQueue,
  OwnerQueues,
  shrinkDelay,
  takeNext,
} from "./owner-queue.ts";
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
import type { RandomSource } from "./random-source.ts";
import type { Store } from "./store.ts";
import { isAway, isConflict, isExhausted, withDeadline } from "./with-deadline.ts";

interface Failed {
  readonly decided: DecidedBatch;
  readonly writes: readonly Write[];
  readonly queue: OwnerQueue | null;
}

type FailedBatch = Pick<Failed, "queue"> & { readonly error: unknown };

/** Other processes change the account too; one known for longer than this is read again. */
const knownFreshMs = 200;

/** What of a store it needs: one that tests make fail is as good as Firestore's. */
export type CommitStore = Pick<Store, "get" | "exists" | "commitOnce">;

export class CommitCoordinator {
  readonly #store: CommitStore;
  readonly #chance: RandomSource;
  readonly #queues = new OwnerQueues();

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
    const queue = this.#queues.of(owner);
    if (!queue.running) this.#known(queue, owner).catch(() => {});
  }

  /** Holds what tenants sent back until a closing is done. */
  #letPass(owner: Owner, closing: Promise<unknown>): void {
    const { closings } = this.#queues.of(owner);
    const done = closing.catch(() => {}).finally(() => closings.delete(done));
    closings.add(done);
  }

  #enqueue(waiting: Waiting): void {
    const { owner, closes } = waiting.change;
    const queue = closes ? this.#queues.closingsOf(owner) : this.#queues.of(owner);
    queue.waiting.push(waiting);
    if (!queue.running) void this.#run(queue);
  }

  async #run(queue: OwnerQueue): Promise<void> {
    queue.running = true;
    while (queue.waiting.length > 0) {
      await this.#linger(queue);
      // Those that are under way now: more of them can't keep it from ever going on.
      await Promise.all(queue.closings);
      const next = takeNext(queue, performance.now());
      if (next.batch) await this.#commit(next.batch, queue);
      else await pause(next.inMs);
    }
    queue.running = false;
  }

  /** Commits `batch` together; whoever can't be, waits again or is refused. Never throws. */
  async #commit(batch: readonly Waiting[], queue: OwnerQueue | null): Promise<void> {
    try {
      const ready = await refreshed(batch);
      const known = queue && (await this.#account(queue, ready));
      const decided = decideTogether(ready, known);
      if (queue && decided.outdated) queue.known = null;
      this.#requeue(decided.postponed, queue);
      await this.#write(decided, queue);
    } catch (error) {
      rejectAll(batch, error);
    }
  }

  async #account(queue: OwnerQueue, [first]: readonly Waiting[]): Promise<KnownAccount | null> {
    return first ? await this.#known(queue, first.change.owner) : null;
  }

  async #known(queue: OwnerQueue, owner: Owner): Promise<KnownAccount | null> {
    if (queue.known && performance.now() - queue.known.since < knownFreshMs) return queue.known;
    queue.reading ??= this.#readAccount(queue, owner).finally(() => {
      queue.reading = null;
    });
    return await queue.reading;
  }

  async #readAccount(queue: OwnerQueue, owner: Owner): Promise<KnownAccount | null> {
    const since = performance.now();
    const { value, version } = await this.#store.get(accounts.of(owner, accountId));
    const read = value ? { value, version, since } : null;
    // A commit that ended while this read was under way knows better.
    if (!queue.known || queue.known.since < since) queue.known = read;
    return queue.known;
  }

  async #write(decided: DecidedBatch, queue: OwnerQueue | null): Promise<void> {
    const { parts, account } = decided;
    const writes = parts.flatMap(({ decision }) => decision.writes);
    if (writes.length === 0 && !account) return finish(parts, null);
    try {
      writes.push(...accountWrite(decided));
      const beganAt = performance.now();
      const versions = await withDeadline(this.#store.commitOnce(writes));
      const since = performance.now();
      // Its own version, never the commit's time: an account that was left as it was has an older.
      const version = versions.at(-1);
      if (queue && account) {
        queue.known = version ? { value: account, version, since } : null;
        shrinkDelay(queue, since - beganAt);
      }
      announce(decided);
      return finish(parts, versions);
    } catch (error) {
      await this.#recover(error, { decided, writes, queue });
    }
  }

  /** After a commit that failed: it was done all the same, is tried again, or is refused. */
  async #recover(error: unknown, failed: Failed): Promise<void> {
    const { decided, writes, queue } = failed;
    const batch = decided.parts.map(({ waiting }) => waiting);
    try {
      if (await this.#wasCommitted(writes)) {
        if (queue) queue.known = null;
        announce(decided);
        finish(decided.parts, null);
      } else if (isConflict(error)) await this.#retry(batch, queue, decided.known);
      else if (isAway(error) && !(isExhausted(error) && batch.length > 1)) {
        await this.#retryUnavailable(batch, { queue, error });
      } else this.#separate(batch, { queue, error });
    } catch (unknown) {
      rejectAll(batch, unknown);
    }
  }

  /**
   * Whether a commit that failed was done all the same, its answer lost. The audit row it creates
   * has an id that nobody else makes.
   */
  async #wasCommitted(writes: readonly Write[]): Promise<boolean> {
    const marker = writes.find((write) => write.op === "create" && write.path.includes("/audit/"));
    if (!marker) return false;
    return await this.#store.exists(marker.path);
  }

  async #retry(
    batch: readonly Waiting[],
    queue: OwnerQueue | null,
    before: KnownAccount | null,
  ): Promise<void> {
    if (queue && (await this.#lostRace(queue, batch, before)))
      return this.#requeueAfterLoss(batch, queue);
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
    if (queue) queue.waiting.push(...rest);
    else await this.#afterPause(rest);
  }

  /** Without a queue there is nobody else to let by. */
  async #afterPause([waiting]: readonly Waiting[]): Promise<void> {
    if (!waiting) return;
    await pause(waiting.notBefore - performance.now());
    await this.#commit([waiting], null);
  }

  /**
   * One of them can't be committed, whoever it is, or what was known of the account was wrong. Each
   * is tried alone on an account that is read for it, and what fails then is that change's own.
   */
  #separate(batch: readonly Waiting[], { queue, error }: FailedBatch): void {
    const own = batch.filter(({ alone }) => !queue || (alone && batch.length === 1));
    rejectAll(own, error);
    const rest = batch.filter((waiting) => !own.includes(waiting));
    for (const waiting of rest) waiting.alone = true;
    if (!queue) return;
    queue.known = null;
    queue.waiting.unshift(...rest);
  }

  /** Whether another process has changed the account, so that nobody in `batch` is at fault. */
  async #lostRace(
    queue: OwnerQueue,
    batch: readonly Waiting[],
    before: KnownAccount | null,
  ): Promise<boolean> {
    queue.known = null;
    const now = await this.#account(queue, batch);
    return before !== null && now !== null && !now.version.isEqual(before.version);
  }

  /** Before those that came meanwhile; what they have read holds on, unless it has grown old. */
  #requeueAfterLoss(batch: readonly Waiting[], queue: OwnerQueue): void {
    growDelay(queue);
    const now = performance.now();
    const spent = batch.filter((waiting) => hasLostTooLong(waiting, now));
    rejectAll(spent, new ApiError("CONTENTION"));
    const rest = batch.filter((waiting) => !spent.includes(waiting));
    for (const waiting of rest) waiting.stale ||= isReadOld(waiting, now);
    queue.waiting.unshift(...rest);
  }

  async #linger(queue: OwnerQueue): Promise<void> {
    const pauseMs = nextPauseMs(queue, this.#chance.random());
    if (pauseMs === 0) return;
    await pause(pauseMs);
    if (queue.lingerMs > 0) queue.known = null;
  }

  /** What failed can't land any more: whoever still has patience tries again. */
  async #retryUnavailable(batch: readonly Waiting[], { queue, error }: FailedBatch): Promise<void> {
    const now = performance.now();
    const patient = batch.filter((waiting) => hasPatience(waiting, now));
    const gaveUp = batch.filter((waiting) => !patient.includes(waiting));
    rejectAll(gaveUp, error);
    const notBefore = now + awayPauseMs(this.#chance.random());
    for (const waiting of patient) Object.assign(waiting, { stale: true, notBefore });
    if (queue) queue.waiting.unshift(...patient);
    else await this.#afterPause(patient);
  }

  #requeue(postponed: readonly Waiting[], queue: OwnerQueue | null): void {
    const now = performance.now();
    const spent = postponed.filter((waiting) => isSpent(waiting, now));
    rejectAll(spent, new ApiError("CONTENTION"));
    queue?.waiting.unshift(...postponed.filter((waiting) => !spent.includes(waiting)));
  }
}
