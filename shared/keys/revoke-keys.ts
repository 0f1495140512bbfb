/**
 * The one door through which keys end: revoked, deleted or rotated away by their owner, or expired;
 * `shut-owner.ts` shuts a whole account. The commit that closes a key also tells the account, where
 * every start of an execution and every new key is decided: whoever read the key before is refused.
 * It names no version of anything, so that no other change, however many there are, can make it
 * fail or wait (KEY-10). What the key runs is looked up once nothing can be added to it. Whatever
 * else starts executions in a key's name is to be paused in the same commit; nothing does. An
 * environment that is deleted closes nothing: a key limited to it finds nothing there any more.
 */
import { setTimeout as wait } from "node:timers/promises";
import { auditEntry } from "../audit/audit-entry.ts";
import type { Account } from "../core/money/account.ts";
import { type StopDeps, type StoppedBy, stopExecutions } from "../executions/stop-executions.ts";
import { mintOwner, type Owner } from "../identity/owner.ts";
import { type ApiKey, apiKeys } from "../store/api-keys.ts";
import { patch, patchInside, type Write } from "../store/documents.ts";
import { accountId, accounts } from "../store/owners.ts";
import type { Found } from "../store/read-document.ts";
import type { Store } from "../store/store.ts";
import { withDeadline } from "../store/with-deadline.ts";
import { revocationBarrierMs } from "./api-key-cache.ts";

export type FoundKey = Found<typeof apiKeys.schema>;

/** When maintenance looks after a closing whose process died before it had stopped everything. */
export const stopDeadlineMs = 5_000;

interface How {
  readonly stop: boolean;
  readonly now: number;
  readonly fields?: Partial<ApiKey>;
}

/** Closes a key of an account. Pure; one that was closed before keeps its time. */
export function closeKey(owner: Owner, { ref, value }: FoundKey, how: How): readonly Write[] {
  const { now } = how;
  const closed = { [`admission.closedKeys.${value.id}`]: now } as const;
  return [
    patch(ref, closedFields(value, how)),
    patchInside(accounts.of(owner, accountId), closed, { updatedAt: now }),
  ];
}

/** What stands in a key that is closed. */
export function closedFields(key: ApiKey, { stop, now, fields = {} }: How): Partial<ApiKey> {
  const dueAt = stop ? now + stopDeadlineMs : null;
  return { ...fields, revokedAt: key.revokedAt ?? now, dueAt };
}

/** What a key has going, or the whole account if none is named. */
export function executionsOf(account: Account, keyId: string | null): readonly string[] {
  const holds = Object.entries(account.holds);
  return holds.filter(([, held]) => keyId === null || held.keyId === keyId).map(([id]) => id);
}

/** What is left to do once a closing is committed. */
export interface Closed {
  readonly owner: Owner;
  /** Null for all of the owner's. */
  readonly keyId: string | null;
  /** Whether what they run is stopped; else it is only named. */
  readonly stop: boolean;
  readonly by: StoppedBy;
  /** Called once everything is stopped: then nothing is due any more. */
  readonly done: () => Promise<unknown>;
}

/**
 * Returns when no instance accepts the keys any more: whoever began to read one before the commit
 * may use it for a second. Meanwhile their executions are stopped.
 * @returns all that they had going.
 */
export async function finishClosing(deps: StopDeps, closed: Closed): Promise<readonly string[]> {
  // Whatever becomes of the executions, the answer waits for the barrier.
  const stopping = Promise.allSettled([stopAll(deps, closed)]);
  await wait(revocationBarrierMs);
  const [stopped] = await stopping;
  if (stopped.status === "rejected") throw stopped.reason;
  return stopped.value;
}

/** Whoever closes a key may see less of the account than the key did: all of it is stopped. */
export async function stopAll(
  deps: StopDeps,
  { owner, keyId, stop, by, done }: Closed,
): Promise<readonly string[]> {
  const whole = mintOwner(owner.id, owner.mode);
  const ids = await runningOf(deps.store, whole, keyId);
  if (stop) {
    await stopExecutions(deps, whole, { ids, by });
    await done();
  }
  return ids;
}

async function runningOf(store: Store, owner: Owner, keyId: string | null) {
  const { value } = await store.get(accounts.of(owner, accountId));
  return value ? executionsOf(value, keyId) : [];
}

/** Nothing is due of a closed key once what it ran is stopped. */
export function settleKey({ store }: Pick<StopDeps, "store">, { ref }: Pick<FoundKey, "ref">) {
  return async () => await withDeadline(store.commit([patch(ref, { dueAt: null })]));
}

/** Keys whose time has come, the longest due first. */
export async function dueKeys(deps: StopDeps, limit: number): Promise<readonly FoundKey[]> {
  const between = { field: "dueAt", from: 1, to: deps.now() };
  const orderBy = [["dueAt", "asc"]] as const;
  return await deps.store.findRefs(apiKeys.all(), { between, orderBy, limit });
}

/**
 * Closes a key that has expired, or stops what a key still runs that was closed by somebody who
 * died over it. Any number of sweeps may do so at once.
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
  // A key that is neither closed nor over was brought forward in vain: its expiry is still to come.
  const dueAt = revokedAt === null && !closed ? expiresAt : null;
  const done = async () => await withDeadline(deps.store.commit([patch(due.ref, { dueAt })]));
  const stop = revokedAt !== null || closed || ownerState === "suspended";
  if (stop) await stopAll(deps, { owner, keyId, stop, by, done });
  else await done();
  return closed ? "closed" : "stopped";
}
