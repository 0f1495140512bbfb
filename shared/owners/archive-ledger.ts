/**
 * Copies an owner's ledger into the archive, which outlives the account. An object is stored first,
 * and then the database notes it. If the process dies between the two, the next call finds the
 * object, compares it with the ledger and notes it. So no line is left out, and none is in two.
 */

import { Fault } from "../core/fault.ts";
import {
  type ArchivedLine,
  type ArchiveState,
  appendLines,
  countLines,
  emptyArchive,
} from "../core/money/billing-archive.ts";
import { archiveName, readBillingObject, storeBillingObject } from "../google/billing-objects.ts";
import type { Owner } from "../identity/owner.ts";
import {
  type BillingArchive,
  billingArchiveId,
  billingArchives,
} from "../store/billing-archives.ts";
import { createOrReplace } from "../store/documents.ts";
import { type LedgerEntry, ledger } from "../store/owners.ts";
import type { Cursor } from "../store/queries.ts";
import type { SnapshotPage } from "../store/read-snapshot.ts";
import type { Store } from "../store/store.ts";
import { settledMs } from "./check-ledger.ts";

/** Lines per object. */
const linesMax = 500;
/** Lines wait for others, so that an owner has one object a day and not one a minute. */
const usualWaitMs = 86_400_000;

/** The archive has an object that the ledger contradicts. A person must look at it. */
export class ArchiveFork extends Fault {
  override readonly name = "ArchiveFork";
  readonly number: number;
  constructor(number: number) {
    super("the archive has another object than the ledger");
    this.number = number;
  }
}

export interface Archived {
  /** Lines that are in the archive now and weren't before. */
  readonly lines: number;
  /** Whether the next call may find more. */
  readonly more: boolean;
}

/**
 * Archives the owner's next lines as one object, once the oldest of them is a day old.
 * @param options.waitMs How old the oldest line has to be, if the owner won't get any more.
 * @throws {ArchiveFork} and stores nothing if the archive contradicts the ledger.
 */
export async function archiveLedger(
  store: Store,
  owner: Owner,
  { now, waitMs = usualWaitMs }: { readonly now: number; readonly waitMs?: number },
): Promise<Archived> {
  const ref = billingArchives.of(owner, billingArchiveId);
  const { value, version } = await store.get(ref);
  const { state, place } = stateOf(owner, value);
  const number = state.objects + 1;
  const until = now - Math.max(waitMs, settledMs);
  const oldest = await linesAfter(store, owner, { place, until, limit: 1 });
  if (oldest.length === 0) return { lines: 0, more: false };
  const due = await linesAfter(store, owner, { place, until: now - settledMs, limit: linesMax });
  const mine = appendLines(state, due.map(archived));
  await storeBillingObject(owner, number, mine.bytes);
  const stored = await readBillingObject(owner, number);
  if (stored === null) throw new ArchiveFork(number);
  // A call before may have stored fewer lines under this number, and died before it noted them;
  // one that began a moment later stores more, if it was faster.
  const limit = countLines(stored) ?? 0;
  const lines =
    limit <= due.length ? due.slice(0, limit) : await linesAfter(store, owner, { place, limit });
  const next = stored.equals(mine.bytes) ? mine : appendLines(state, lines.map(archived));
  const last = lines.at(-1);
  if (!last || !next.bytes.equals(stored)) throw new ArchiveFork(number);
  const { objects, last: hash, totals } = next.state;
  await store.commitWithoutRetry([
    createOrReplace(ref, version, {
      v: 1,
      archive: archiveName(),
      objects,
      last: hash,
      totals,
      place: { value: last.createdAt, id: last.id },
      archivedAt: now,
    }),
  ]);
  return {
    lines: lines.length,
    more: lines.length < due.length || due.length === linesMax,
  };
}

/** What the next object continues. */
export function stateOf(
  owner: Owner,
  stored: BillingArchive | null,
): { readonly state: ArchiveState; readonly place: Cursor | null } {
  if (stored === null || stored.archive !== archiveName()) {
    return { state: emptyArchive(owner.id), place: null };
  }
  const { objects, last, totals, place } = stored;
  return { state: { ownerId: owner.id, objects, last, totals }, place };
}

/** The ledger's next lines, in the order of the archive. */
export async function linesAfter(
  store: Store,
  owner: Owner,
  { place, ...page }: { readonly place: Cursor | null } & Pick<SnapshotPage, "until" | "limit">,
): Promise<readonly LedgerEntry[]> {
  const walk = { field: "createdAt", after: place, ...page };
  const found = await store.withSnapshot((snapshot) => snapshot.next(ledger.all(owner), walk));
  return found.map(({ value }) => value);
}

/** What the law asks for: amounts, and what explains them. */
export function archived(line: LedgerEntry): ArchivedLine {
  const { id, type, amountMicrousd, lossMicrousd, executionId, keyId, model, createdAt } = line;
  return { id, type, amountMicrousd, lossMicrousd, executionId, keyId, model, createdAt };
}
