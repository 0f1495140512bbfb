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
import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { Change, CommittedDecision, Decision } from "./change.ts";
import {
  accountWrite,
  announceRaised,
  type DecidedBatch,
  decideTogether,
  type KnownAccount,
  refreshStale,
  rejectAll,
  rejectOver,
  resolveAll,
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
import type { RandomSource } from "./random-source.ts";
import {
  backOffMs,
  hasContendedTooLong,
  isOutOfAttempts,
  isReadOld,
  mayRetry,
  pause,
  unavailablePauseMs,
} from "./retry-policy.ts";
import type { Store } from "./store.ts";
import { isConflict, isPerhapsAtFault, isUnavailableError, withDeadline } from "./with-deadline.ts";

interface FailedCommit {
  readonly decided: DecidedBatch;
  readonly writes: readonly Write[];
  readonly queue: OwnerQueue | null;
}

type FailedBatch = Pick<FailedCommit, "queue"> & { readonly error: unknown };

/** A copy of the account that is older is read again, because other processes change it too. */
const knownFreshMs = 200;

/** The part of a store that commits need; tests pass one that fails. */
export type CommitStore = Pick<Store, "get" | "exists" | "commitWithoutRetry">;

export class CommitCoordinator {
  readonly #store: CommitStore;
  readonly #random: RandomSource;
  readonly #queues = new OwnerQueues();

  constructor(store: CommitStore, random: RandomSource) {
    this.#store = store;
    this.#random = random;
  }

  /** @throws {ApiError} the refusal of `decide`, `CONTENTION`, or `UNAVAILABLE`. */
  async submit<D extends Decision>(change: Change<D>): Promise<CommittedDecision<D>> {
    const committed = new Promise<CommittedDecision<Decision>>((resolve, reject) => {
      const arrivedAt = performance.now();
      const state = { arrivedAt, readAt: arrivedAt, attempts: 0, stale: false };
      const waiting = { change, resolve, reject, ...state, alone: false, notBefore: 0 };
      if (change.needsAccount) this.#enqueue(waiting);
      else void this.#commit([waiting], null);
    });
    if (change.closes) this.#blockOthersUntil(change.owner, committed);
    return (await committed) as CommittedDecision<D>;
  }

  /** Begins to read the account for a change whose own documents are still being read. */
  prefetchAccount(owner: Owner): void {
    const queue = this.#queues.of(owner);
    if (!queue.running) this.#freshAccount(queue, owner).catch(() => {});
  }

  /** Holds the owner's other changes back until a closing is done. */
  #blockOthersUntil(owner: Owner, closing: Promise<unknown>): void {
    const { closings } = this.#queues.of(owner);
    const done = closing.catch(() => {}).finally(() => closings.delete(done));
    closings.add(done);
  }

  #enqueue(waiting: Waiting): void {
    const { owner, closes } = waiting.change;
    const queue = closes ? this.#queues.closingsOf(owner) : this.#queues.of(owner);
    queue.waiting.push(waiting);
    if (!queue.running) void this.#drain(queue);
  }

  async #drain(queue: OwnerQueue): Promise<void> {
    queue.running = true;
    while (queue.waiting.length > 0) {
      await this.#pauseBeforeCommit(queue);
      // It waits only for closings that have begun, so later ones can't delay it for ever.
      await allInOrder([...queue.closings]);
      const next = takeNext(queue, performance.now());
      if (next.batch) await this.#commit(next.batch, queue);
      else await pause(next.inMs);
    }
    queue.running = false;
  }

  /** Commits `batch`. Changes that can't be committed wait again or are refused. Never throws. */
  async #commit(batch: readonly Waiting[], queue: OwnerQueue | null): Promise<void> {
    try {
      const ready = await refreshStale(batch);
      const known = queue && (await this.#accountOf(queue, ready));
      const decided = decideTogether(ready, known);
      if (queue && decided.outdated) queue.account = null;
      this.#requeue(decided.postponed, queue);
      await this.#write(decided, queue);
    } catch (error) {
      rejectAll(batch, error);
    }
  }

  async #accountOf(queue: OwnerQueue, [first]: readonly Waiting[]): Promise<KnownAccount | null> {
    return first ? await this.#freshAccount(queue, first.change.owner) : null;
  }

  async #freshAccount(queue: OwnerQueue, owner: Owner): Promise<KnownAccount | null> {
    const { account } = queue;
    if (account && performance.now() - account.readAt < knownFreshMs) return account;
    queue.reading ??= this.#readAccount(queue, owner).finally(() => {
      queue.reading = null;
    });
    return await queue.reading;
  }

  async #readAccount(queue: OwnerQueue, owner: Owner): Promise<KnownAccount | null> {
    const readAt = performance.now();
    const { value, version } = await this.#store.get(accounts.of(owner, accountId));
    const read = value ? { value, version, readAt } : null;
    // A commit that ended during this read has left a newer account.
    if (!queue.account || queue.account.readAt < readAt) queue.account = read;
    return queue.account;
  }

  async #write(decided: DecidedBatch, queue: OwnerQueue | null): Promise<void> {
    const { changes, account } = decided;
    const writes = changes.flatMap(({ decision }) => decision.writes);
    if (writes.length === 0 && !account) return resolveAll(changes, null);
    try {
      writes.push(...accountWrite(decided));
      const beganAt = performance.now();
      const versions = await withDeadline(this.#store.commitWithoutRetry(writes));
      const readAt = performance.now();
      // The account is the last write. If it didn't change, its version is older than the commit.
      const version = versions.at(-1);
      if (queue && account) {
        queue.account = version ? { value: account, version, readAt } : null;
        shrinkDelay(queue, readAt - beganAt);
      }
      announceRaised(decided);
      return resolveAll(changes, versions);
    } catch (error) {
      await this.#recover(error, { decided, writes, queue });
    }
  }

  /** Finds out whether a failed commit happened after all. If not, tries it again or refuses it. */
  async #recover(error: unknown, failed: FailedCommit): Promise<void> {
    const { decided, writes, queue } = failed;
    const batch = decided.changes.map(({ waiting }) => waiting);
    try {
      if (await this.#wasCommitted(writes)) {
        if (queue) queue.account = null;
        announceRaised(decided);
        resolveAll(decided.changes, null);
      } else if (isConflict(error)) await this.#retryConflict(batch, queue, decided.known);
      // A batch whose commit one change may have spoilt is split instead of being retried.
      else if (isUnavailableError(error) && !(isPerhapsAtFault(error) && batch.length > 1)) {
        await this.#retryUnavailable(batch, { queue, error });
      } else this.#isolate(batch, { queue, error });
    } catch (failure) {
      rejectAll(batch, failure);
    }
  }

  /**
   * Whether a failed commit happened and only its answer was lost. Each change has an audit row
   * whose id is unique. A commit may also have rows that others make as well, so all must be there.
   */
  async #wasCommitted(writes: readonly Write[]): Promise<boolean> {
    const rows = writes.filter(({ op, path }) => op === "create" && path.includes("/audit/"));
    for (const { path } of rows) if (!(await this.#store.exists(path))) return false;
    return rows.length > 0;
  }

  async #retryConflict(
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
      waiting.notBefore = batch.length > 1 ? now : now + backOffMs(waiting, this.#random.random());
    }
    const isOver = (waiting: Waiting) => isOutOfAttempts(waiting, now);
    const rest = rejectOver(batch, isOver, new ApiError("CONTENTION"));
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
  #isolate(batch: readonly Waiting[], { queue, error }: FailedBatch): void {
    const own = batch.filter(({ alone }) => !queue || (alone && batch.length === 1));
    rejectAll(own, error);
    const rest = batch.filter((waiting) => !own.includes(waiting));
    for (const waiting of rest) waiting.alone = true;
    if (!queue) return;
    queue.account = null;
    queue.waiting.unshift(...rest);
  }

  /** Whether another process changed the account, so that no change in `batch` is at fault. */
  async #lostRace(
    queue: OwnerQueue,
    batch: readonly Waiting[],
    before: KnownAccount | null,
  ): Promise<boolean> {
    queue.account = null;
    const now = await this.#accountOf(queue, batch);
    return before !== null && now !== null && !now.version.isEqual(before.version);
  }

  /** Requeues `batch` at the head. Documents older than `readFreshMs` are read again. */
  #requeueAfterLoss(batch: readonly Waiting[], queue: OwnerQueue): void {
    growDelay(queue);
    const now = performance.now();
    const isOver = (waiting: Waiting) => hasContendedTooLong(waiting, now);
    const rest = rejectOver(batch, isOver, new ApiError("CONTENTION"));
    for (const waiting of rest) waiting.stale ||= isReadOld(waiting, now);
    queue.waiting.unshift(...rest);
  }

  async #pauseBeforeCommit(queue: OwnerQueue): Promise<void> {
    const pauseMs = nextPauseMs(queue, this.#random.random());
    if (pauseMs === 0) return;
    await pause(pauseMs);
    if (queue.delayMsMax > 0) queue.account = null;
  }

  /** Retries changes whose time isn't up. This is safe: `commitWithoutRetry` never lands late. */
  async #retryUnavailable(batch: readonly Waiting[], { queue, error }: FailedBatch): Promise<void> {
    const now = performance.now();
    const rest = rejectOver(batch, (waiting) => !mayRetry(waiting, now), error);
    const notBefore = now + unavailablePauseMs(this.#random.random());
    for (const waiting of rest) Object.assign(waiting, { stale: true, notBefore });
    if (queue) queue.waiting.unshift(...rest);
    else await this.#afterPause(rest);
  }

  #requeue(postponed: readonly Waiting[], queue: OwnerQueue | null): void {
    const now = performance.now();
    const isOver = (waiting: Waiting) => isOutOfAttempts(waiting, now);
    queue?.waiting.unshift(...rejectOver(postponed, isOver, new ApiError("CONTENTION")));
  }
}
