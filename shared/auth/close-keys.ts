/**
 * The one door through which keys end: revoked, deleted or rotated away by their owner, expired, or
 * shut with the whole account. The commit that closes them also tells the account, in which every
 * start of an execution and every new key is decided: whoever read the key before is refused there.
 * Whatever else starts executions in a key's name is to be paused in the same commit; nothing does.
 * An environment that is deleted closes nothing: a key limited to it finds nothing there any more.
 */
import { setTimeout as wait } from "node:timers/promises";
import { auditEntry } from "../audit/audit-entry.ts";
import type { Account } from "../core/account.ts";
import { close } from "../core/admission.ts";
import { type StopDeps, type StoppedBy, stopExecutions } from "../executions/stop-executions.ts";
import { answered } from "../store/answered.ts";
import { type ApiKey, apiKeys } from "../store/api-keys.ts";
import { patch, type Write } from "../store/documents.ts";
import type { Found } from "../store/store.ts";
import { revocationBarrierMs } from "./key-ring.ts";
import { mintOwner, type Owner } from "./owner.ts";

export type FoundKey = Found<typeof apiKeys.schema>;

/** When maintenance looks after a closing whose process died before it had stopped everything. */
export const stopDeadlineMs = 5_000;

export interface Closing {
  readonly writes: readonly Write[];
  readonly account: Account;
  /** What the keys have going; nothing can be added to it once this is committed. */
  readonly executionIds: readonly string[];
}

/** Closes a key of an account. Pure; what was closed before stays as it is. */
export function closeKey(
  account: Account,
  { ref, value, version }: FoundKey,
  how: { readonly stop: boolean; readonly now: number; readonly fields?: Partial<ApiKey> },
): Closing {
  const { stop, now, fields = {} } = how;
  const executionIds = executionsOf(account, value.id);
  const dueAt = stop && executionIds.length > 0 ? now + stopDeadlineMs : null;
  const revokedAt = value.revokedAt ?? now;
  return {
    writes: [patch(ref, { ...fields, revokedAt, dueAt }, { version })],
    account: { ...account, admission: close(account.admission, [value.id], now), updatedAt: now },
    executionIds,
  };
}

export function executionsOf(account: Account, keyId: string): readonly string[] {
  const holds = Object.entries(account.holds);
  return holds.filter(([, held]) => held.keyId === keyId).map(([executionId]) => executionId);
}

/** What is left to do once a closing is committed. */
export interface Closed {
  readonly owner: Owner;
  /** Each with when it is due next, once everything is stopped. */
  readonly keys: readonly { readonly ref: FoundKey["ref"]; readonly dueAt: number | null }[];
  /** To stop; none if the keys' owner keeps them. */
  readonly executionIds: readonly string[];
  readonly by: StoppedBy;
}

/**
 * Returns when no instance accepts the keys any more: whoever began to read one before the commit
 * may use it for a second. Meanwhile their executions are stopped.
 */
export async function finishClosing(deps: StopDeps, closed: Closed): Promise<void> {
  const hasWork = closed.executionIds.length > 0;
  // Whatever becomes of the executions, the answer waits for the barrier.
  const stopping = Promise.allSettled([hasWork ? stopAll(deps, closed) : null]);
  await wait(revocationBarrierMs);
  const [stopped] = await stopping;
  if (stopped.status === "rejected") throw stopped.reason;
}

/** Whoever closes a key may see less of the account than the key did: all of it is stopped. */
async function stopAll(deps: StopDeps, { owner, keys, executionIds, by }: Closed): Promise<void> {
  await stopExecutions(deps, mintOwner(owner.id, owner.mode), { ids: executionIds, by });
  await answered(deps.store.commit(keys.map(({ ref, dueAt }) => patch(ref, { dueAt }))));
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
    needsAccount: true,
    refresh: async () => {
      found = await deps.store.require(due.ref);
    },
    decide: (account) => {
      const { id, revokedAt, expiresAt } = found.value;
      const now = deps.now();
      if (!account) return { writes: [], executionIds: [] };
      if (revokedAt !== null || expiresAt === null || expiresAt > now) {
        const isShut = revokedAt !== null || account.admission.suspendedAt !== null;
        return { writes: [], executionIds: isShut ? executionsOf(account, id) : [] };
      }
      const closing = closeKey(account, found, { stop: true, now });
      const facts = { executions: closing.executionIds.length };
      const what = { id: rowId, at: now, ...by, action: "key.expired", subject: id, facts };
      const row = auditEntry(owner, { ...what, sealedDetails: null });
      return { ...closing, writes: [...closing.writes, row] };
    },
  });
  const { executionIds, writes } = decision;
  // Of a key that was shut with its account, the expiry is still to come.
  const { revokedAt, expiresAt } = found.value;
  const dueAt = revokedAt === null && writes.length === 0 ? expiresAt : null;
  await stopAll(deps, { owner, keys: [{ ref: due.ref, dueAt }], executionIds, by });
  return writes.length > 0 ? "closed" : "stopped";
}
