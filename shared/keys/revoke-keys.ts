/**
 * Closes a key that is revoked, deleted, rotated away or expired; nothing else does.
 * `suspend-owner.ts` closes a whole account.
 *
 * The commit that closes a key also changes the account, where every start and every new key is
 * decided, so requests that read the key before are refused. The commit sets single fields by their
 * path and names no version, so no number of other changes can make it fail or wait (KEY-10, ADR
 * 25). The key's executions are looked up after it, when none can be added. Schedules and triggers
 * decide each start on the account, too, so none starts after that commit; they are paused then.
 *
 * Deleting an environment closes no key. A key that is limited to it finds nothing any more.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Account } from "../core/money/account.ts";
import { type StopDeps, type StoppedBy, stopExecutions } from "../executions/stop-executions.ts";
import { mintOwner, type Owner } from "../identity/owner.ts";
import { type ApiKey, apiKeys } from "../store/api-keys.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { patch, patchInside, type Version, type Write } from "../store/documents.ts";
import type { DueDocument } from "../store/due-documents.ts";
import { accountId, accounts } from "../store/owners.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { Store } from "../store/store.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import { revocationBarrierMs } from "./api-key-cache.ts";
import { gaveWay } from "./gave-way.ts";
import { pauseAutomations } from "./pause-automations.ts";

export type FoundKey = FoundDocument<typeof apiKeys.schema>;

/** When maintenance takes over a closing whose process died before everything was stopped. */
export const stopDeadlineMs = 5_000;

interface How {
  readonly stop: boolean;
  readonly now: number;
  readonly fields?: Partial<ApiKey>;
}

/**
 * The writes that close a key. Pure. A key that was closed before keeps its time, and isn't written
 * into the account again. The account forgets closed keys, so closing old keys repeatedly could
 * otherwise fill its document until no key could be closed.
 */
export function closeKey(owner: Owner, { ref, value }: FoundKey, how: How): readonly Write[] {
  const { now } = how;
  const closing = patch(ref, closedFields(value, how), { mustExist: true });
  if (value.revokedAt !== null) return [closing];
  const closed = { [`admission.closedKeys.${value.id}`]: now } as const;
  return [closing, patchInside(accounts.of(owner, accountId), closed, { updatedAt: now })];
}

/** The fields of a closed key. */
export function closedFields(key: ApiKey, { stop, now, fields = {} }: How): Partial<ApiKey> {
  const dueAt = stop ? now + stopDeadlineMs : null;
  return { ...fields, revokedAt: key.revokedAt ?? now, dueAt };
}

/** The unfinished executions of a key, or of the whole account if none is named. */
export function executionsOf(account: Account, keyId: string | null): readonly string[] {
  const holds = Object.entries(account.holds);
  return holds.filter(([, held]) => keyId === null || held.keyId === keyId).map(([id]) => id);
}

/** What remains to be done once a closing is committed. */
export interface PendingClosing {
  readonly owner: Owner;
  /** Null for all keys of the owner. */
  readonly keyId: string | null;
  /** Whether their executions are stopped, or only listed. */
  readonly stop: boolean;
  readonly by: StoppedBy;
  /**
   * Whether what acts in the key's name goes on: under the key that it was rotated to, or once an
   * incident lets go of it.
   */
  readonly goesOn?: boolean;
  /** Called once everything is stopped, to clear what is due. */
  readonly done: () => Promise<unknown>;
}

/**
 * Returns when no instance accepts the keys any more: an instance that began to read one before the
 * commit may use it for a second. Meanwhile their executions are stopped.
 * @returns everything that was running for them.
 */
export async function finishClosing(
  deps: StopDeps,
  closed: PendingClosing,
): Promise<readonly string[]> {
  // Whatever happens to the executions, the answer waits for the barrier.
  const stopping = Promise.allSettled([stopAll(deps, closed)]);
  await wait(revocationBarrierMs);
  const [stopped] = await stopping;
  if (stopped.status === "rejected") throw stopped.reason;
  return stopped.value;
}

/** A caller that closes a key may see less of the account than that key; all of it is stopped. */
export async function stopAll(
  deps: StopDeps,
  { owner, keyId, stop, by, goesOn = false, done }: PendingClosing,
): Promise<readonly string[]> {
  const whole = mintOwner(owner.id, owner.mode);
  const ids = await runningOf(deps.store, whole, keyId);
  if (stop) await stopExecutions(deps, whole, { ids, by });
  // They can start nothing, also where what runs goes on.
  if (keyId !== null && !goesOn) await pauseAutomations(deps, whole, { keyId, by });
  if (stop) await done();
  return ids;
}

async function runningOf(store: Store, owner: Owner, keyId: string | null) {
  const { value } = await store.get(accounts.of(owner, accountId));
  return value ? executionsOf(value, keyId) : [];
}

interface Committing {
  readonly store: Pick<Store, "commit">;
}

/** Clears what is due for a closed key once its executions are stopped. */
export function clearDue({ store }: Committing, { ref }: Pick<FoundKey, "ref">) {
  return async () => await storeDue(store, ref, { dueAt: null });
}

/**
 * There is nothing left to do for a key that was erased meanwhile with its account, and what was
 * due for a `version` isn't what is due for the one after it.
 */
async function storeDue(
  store: Committing["store"],
  ref: FoundKey["ref"],
  { dueAt, version }: { readonly dueAt: number | null; readonly version?: Version },
): Promise<void> {
  try {
    const condition = version ? { version } : { mustExist: true as const };
    await withDeadline(store.commit([patch(ref, { dueAt }, condition)]));
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** Keys that have work due, longest overdue first. */
export async function dueKeys(
  { store, now }: Pick<StopDeps, "store" | "now">,
  limit: number,
): Promise<readonly DueDocument<typeof apiKeys.schema>[]> {
  return await store.findDue(apiKeys.all(), { field: "dueAt", until: now(), limit });
}

/**
 * Closes an expired key, or stops what a closed key still runs if the closing process died. Any
 * number of sweeps may do so at once.
 */
export async function closeDueKey(deps: StopDeps, due: FoundKey): Promise<"closed" | "stopped"> {
  const owner = mintOwner(due.value.ownerId, due.value.mode);
  const rowId = deps.newId("auditRow");
  const by = { actor: { type: "maintenance", id: "sweep" }, requestId: rowId } as const;
  let found = due;
  const { decision } = await deps.commits.submit({
    owner,
    needsAccount: false,
    closes: true,
    refresh: async () => {
      found = await deps.store.require(due.ref);
    },
    decide: () => {
      const { id, revokedAt, expiresAt } = found.value;
      const now = deps.now();
      if (revokedAt !== null || expiresAt === null || expiresAt > now) return { writes: [] };
      const what = { id: rowId, at: now, ...by, action: "key.expired", subject: id, facts: {} };
      const row = auditEntry(owner, { ...what, sealedDetails: null });
      return { writes: [...closeKey(owner, found, { stop: true, now }), row] };
    },
  });
  const { id: keyId, revokedAt, expiresAt, ownerState } = found.value;
  const closed = decision.writes.length > 0;
  const isOpen = revokedAt === null && !closed;
  // The expiry of an open key is the next thing due, unless somebody closes it meanwhile.
  const next = isOpen ? { dueAt: expiresAt, version: found.version } : { dueAt: null };
  const done = async () => await storeDue(deps.store, due.ref, next);
  const goesOn = isOpen || gaveWay(found.value, deps.now());
  const stop = revokedAt !== null || closed || ownerState === "suspended";
  if (stop) await stopAll(deps, { owner, keyId, stop, by, goesOn, done });
  else await done();
  return closed ? "closed" : "stopped";
}
