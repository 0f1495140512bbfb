/**
 * Commits changes. A pure function decides each of them, so it can be repeated: when a precondition
 * fails, the documents are read again and the change is decided again.
 *
 * All changes to an owner's account change the same document. They wait in the owner's queue; each
 * commit takes those that arrived during the one before, up to a size limit. If it fails although
 * the account hasn't changed and the database answers, one of its changes is at fault. Its changes
 * are then committed one by one, in turn with later ones, so the faulty one delays only its sender.
 *
 * Closings (revoking, suspending, stopping) never share a commit with other changes and don't wait
 * for them. Those that don't need the account are committed at once; the others have their own
 * queue. All other changes of the owner wait until its closings are done (KEY-10).
 *
 * Queues of one owner in several processes compete in the database. A process that loses pauses
 * before its next commits, longer after each loss, shorter after each win, so that more changes
 * share one; then it reads the account. A process that wins pauses once, to let others in.
 */
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { Change, CommittedDecision, Decision } from "./change.ts";
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

interface FailedCommit {
  readonly decided: DecidedBatch;
  readonly writes: readonly Write[];
  readonly queue: OwnerQueue | null;
}

type FailedBatch = Pick<FailedCommit, "queue"> & { readonly error: unknown };

/** A copy of the account that is older is read again, because other processes change it too. */
const knownFreshMs = 200;

/** The part of a store that commits need; tests pass one that fails. */
export type CommitStore = Pick<Store, "get" | "exists" | "commitOnce">;

export class CommitCoordinator {
  readonly #store: CommitStore;
  readonly #chance: RandomSource;
  readonly #queues = new OwnerQueues();

  constructor(store: CommitStore, chance: RandomSource) {
    this.#store = store;
    this.#chance = chance;
  }

  /** @throws {ApiError} the refusal of `decide`, `CONTENTION`, or `UNAVAILABLE`. */
  async submit<D extends Decision>(change: Change<D>): Promise<CommittedDecision<D>> {
    const committed = new Promise<CommittedDecision<Decision>>((resolve, reject) => {
      const since = performance.now();
      const state = { since, readAt: since, attempts: 0, stale: false };
      const waiting = { change, resolve, reject, ...state, alone: false, notBefore: 0 };
      if (change.needsAccount) this.#enqueue(waiting);
      else void this.#commit([waiting], null);
    });
    if (change.closes) this.#letPass(change.owner, committed);
    return (await committed) as CommittedDecision<D>;
  }

  /** Begins to read the account for a change whose own documents are still being read. */
  warm(owner: Owner): void {
    const queue = this.#queues.of(owner);
    if (!queue.running) this.#known(queue, owner).catch(() => {});
  }

  /** Holds the owner's other changes back until a closing is done. */
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
      // It waits only for closings that have begun, so later ones can't delay it for ever.
      await Promise.all(queue.closings);
      const next = takeNext(queue, performance.now());
      if (next.batch) await this.#commit(next.batch, queue);
      else await pause(next.inMs);
    }
    queue.running = false;
  }

  /** Commits `batch`. Changes that can't be committed wait again or are refused. Never throws. */
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
    // A commit that ended during this read has left a newer account.
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
      // The account is the last write. If it didn't change, its version is older than the commit.
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

  /** Finds out whether a failed commit happened after all. If not, tries it again or refuses it. */
  async #recover(error: unknown, failed: FailedCommit): Promise<void> {
    const { decided, writes, queue } = failed;
    const batch = decided.parts.map(({ waiting }) => waiting);
    try {
      if (await this.#wasCommitted(writes)) {
        if (queue) queue.known = null;
        announce(decided);
        finish(decided.parts, null);
      } else if (isConflict(error)) await this.#retry(batch, queue, decided.known);
      // "Exhausted" may mean too large, so a batch is split instead of being retried.
      else if (isAway(error) && !(isExhausted(error) && batch.length > 1)) {
        await this.#retryUnavailable(batch, { queue, error });
      } else this.#separate(batch, { queue, error });
    } catch (unknown) {
      rejectAll(batch, unknown);
    }
  }

  /**
   * Whether a failed commit happened and only its answer was lost. The id of its audit row is
   * unique, so the row's existence proves it.
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

  /** Commits a change that has no queue, once its pause is over. */
  async #afterPause([waiting]: readonly Waiting[]): Promise<void> {
    if (!waiting) return;
    await pause(waiting.notBefore - performance.now());
    await this.#commit([waiting], null);
  }

  /**
   * Isolates the change that made a commit fail. Each is committed alone, on an account that was
   * just read. One that fails alone is at fault. If none does, the account was outdated.
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

  /** Whether another process changed the account, so that no change in `batch` is at fault. */
  async #lostRace(
    queue: OwnerQueue,
    batch: readonly Waiting[],
    before: KnownAccount | null,
  ): Promise<boolean> {
    queue.known = null;
    const now = await this.#account(queue, batch);
    return before !== null && now !== null && !now.version.isEqual(before.version);
  }

  /** Requeues `batch` at the head. Documents older than `readFreshMs` are read again. */
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

  /** Retries changes whose time isn't up. This is safe: `commitOnce` never lands late. */
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
