/** Decides an owner's changes one after another, so that one commit can hold all of them. */

import type { Account } from "../core/money/account.ts";
import type { Alert } from "../core/money/alert-state.ts";
import { noticeAlerts } from "../core/money/budget-alerts.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { announceAlerts } from "./announce-alerts.ts";
import { type Change, type CommittedDecision, type Decision, StaleRead } from "./change.ts";
import { addSizes, fitsWith, noSize, sizeOf } from "./commit-size.ts";
import { replace, type Version, type Write } from "./documents.ts";
import { accountId, accounts } from "./owners.ts";

export interface Waiting {
  readonly change: Change<Decision>;
  readonly resolve: (committed: CommittedDecision<Decision>) => void;
  readonly reject: (error: unknown) => void;
  /** Monotonic ms of its arrival. Its time limits count from here. */
  readonly arrivedAt: number;
  /** Monotonic ms at which its own documents were read. */
  readAt: number;
  attempts: number;
  stale: boolean;
  /** Whether it made a shared commit fail; from then on it is committed alone. */
  alone: boolean;
  /** Monotonic ms before which it isn't tried again. */
  notBefore: number;
}

export interface KnownAccount {
  readonly value: Account;
  readonly version: Version;
  /** Monotonic ms of the read. */
  readonly readAt: number;
}

export interface DecidedChange {
  readonly waiting: Waiting;
  readonly decision: Decision;
}

export interface DecidedBatch {
  readonly changes: readonly DecidedChange[];
  /**
   * Changes that are left for a later commit: their documents must be read again, this commit is
   * full, or a change of it that may fail to be committed leads to their refusal.
   */
  readonly postponed: readonly Waiting[];
  /** Whether a copy of the account that may be too old refused a change. */
  readonly outdated: boolean;
  /** The account that the decisions are based on. */
  readonly known: KnownAccount | null;
  /** The account after these decisions; null if none changes it. */
  readonly account: Account | null;
  /** The alerts that the changes raise once they are committed. */
  readonly raised: readonly Alert[];
}

/** Reads stale documents of `batch` again. A change whose documents can't be read is refused. */
export async function refreshStale(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
  const ready = await allInOrder(
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
  return ready.filter((waiting) => waiting !== null);
}

/** Decides the changes in order. Each sees the account as the ones before it changed it. */
export function decideTogether(
  batch: readonly Waiting[],
  known: KnownAccount | null,
): DecidedBatch {
  const decided: DecidedChange[] = [];
  const postponed: Waiting[] = [];
  const places = new Places();
  const raised: Alert[] = [];
  let outdated = false;
  let account: Account | null = null;
  let size = noSize;
  for (const [index, waiting] of batch.entries()) {
    try {
      const whole = waiting.change.decide(account ?? known?.value ?? null);
      const decision = { ...whole, writes: places.withoutNeedlessChecks(whole.writes) };
      const own = sizeOf(decision.writes);
      if (decided.length > 0 && !fitsWith(size, own)) {
        postponed.push(...batch.slice(index));
        break;
      }
      if (places.collide(decision.writes)) {
        waiting.stale = true;
        postponed.push(waiting);
        continue;
      }
      if (decision.account) {
        const before = account ?? known?.value ?? decision.account;
        const noticed = noticeAlerts(before, decision.account);
        account = noticed.account;
        raised.push(...noticed.raised);
      }
      places.add(decision.writes);
      size = addSizes(size, own);
      decided.push({ waiting, decision });
    } catch (error) {
      if (error instanceof StaleRead) {
        waiting.attempts += 1;
        waiting.stale = true;
      } else if (account) {
        // Refused for what isn't committed yet and may fail: the next commit decides it first.
      } else if (!known || known.readAt >= (waiting.change.askedAt ?? waiting.arrivedAt)) {
        waiting.reject(error);
        continue;
      } else outdated = true;
      postponed.push(waiting);
    }
  }
  return { changes: decided, postponed, outdated, known, account, raised };
}

export function accountWrite({ changes, known, account }: DecidedBatch): readonly Write[] {
  const owner = changes[0]?.waiting.change.owner;
  if (!account || !owner || !known) return [];
  return [replace(accounts.of(owner, accountId), known.version, account)];
}

/** Announces the alerts of a successful commit. */
export function announceRaised({ changes, raised }: DecidedBatch): void {
  const owner = changes[0]?.waiting.change.owner;
  if (owner) announceAlerts(owner, raised);
}

export function rejectAll(batch: readonly Waiting[], error: unknown): void {
  for (const waiting of batch) waiting.reject(error);
}

/** Rejects the changes for which `isOver` returns true, and returns the others. */
export function rejectOver(
  batch: readonly Waiting[],
  isOver: (waiting: Waiting) => boolean,
  error: unknown,
): readonly Waiting[] {
  const over = new Set(batch.filter(isOver));
  rejectAll([...over], error);
  return batch.filter((waiting) => !over.has(waiting));
}

/** @param versions Those of all writes, in order; null if they aren't known. */
export function resolveAll(
  changes: readonly DecidedChange[],
  versions: readonly Version[] | null,
): void {
  let done = 0;
  for (const { waiting, decision } of changes) {
    const { writes } = decision;
    const own = versions?.slice(done, done + writes.length);
    const changed = own?.filter((_, index) => !isCheck(writes[index]));
    waiting.resolve({ decision, version: changed ? sharedVersion(changed) : null });
    done += writes.length;
  }
}

/** The version that all documents of a change share; null if one of them kept an older one. */
function sharedVersion([first, ...more]: readonly Version[]): Version | null {
  return first && more.every((version) => version.isEqual(first)) ? first : null;
}

/** The documents that the changes of a commit write or check. */
class Places {
  readonly #written = new Set<string>();
  /** What is demanded of documents that are only checked. */
  readonly #checked = new Map<string, string>();

  /**
   * Changes that depend on the same document, as starts on their environment, share its check. What
   * a change makes, or replaces a version of, it needn't check as well.
   */
  withoutNeedlessChecks(writes: readonly Write[]): readonly Write[] {
    if (!writes.some(isCheck)) return writes;
    const sure = new Set(writes.filter(isSure).map(({ path }) => path));
    return writes.filter((write) => {
      if (!isCheck(write)) return true;
      return !sure.has(write.path) && this.#checked.get(write.path) !== demandOf(write);
    });
  }

  /** Whether a write is of a document that an earlier change of the commit writes or checks. */
  collide(writes: readonly Write[]): boolean {
    return writes.some(({ path }) => this.#written.has(path) || this.#checked.has(path));
  }

  add(writes: readonly Write[]): void {
    for (const write of writes) {
      if (isCheck(write)) this.#checked.set(write.path, demandOf(write));
      else this.#written.add(write.path);
    }
  }
}

/** Whether a write fails if its document isn't as it was read. */
function isSure(write: Write): boolean {
  if (isCheck(write)) return false;
  return write.op === "create" || ("version" in write && write.version !== null);
}

function demandOf(write: Write): string {
  const { version = null } = write.op === "patch" ? write : {};
  return version ? `${version.seconds}.${version.nanoseconds}` : "present";
}

function isCheck(write: Write | undefined): boolean {
  return write?.op === "patch" && write.isCheck === true;
}
