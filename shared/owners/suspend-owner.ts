/**
 * Suspends and resumes an owner's whole account; `revoke-keys.ts` ends a single key. One commit of
 * fixed size, which names no version, does it: from then on nothing is started, renewed or made for
 * the account (KEY-10). The owner's keys follow in pages; if the process dies, maintenance
 * continues.
 */
import type { Account } from "../core/money/account.ts";
import type { StopDeps, StoppedBy } from "../executions/stop-executions.ts";
import { mintOwner, type Owner } from "../identity/owner.ts";
import { finishClosing, stopDeadlineMs } from "../keys/revoke-keys.ts";
import { apiKeys } from "../store/api-keys.ts";
import { StaleRead } from "../store/change.ts";
import { overwrite, patch, patchInside, remove, type Write } from "../store/documents.ts";
import type { DueDocument } from "../store/due-documents.ts";
import { type KeyFollowUp, keyFollowUps } from "../store/key-follow-ups.ts";
import { accountId, accounts, type OwnerProfile, owners } from "../store/owners.ts";
import { type ReadStore, requireFound, type Store } from "../store/store.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";

const keysPerPageMax = 400;
/** Far more pages than an owner can have; a loop beyond it would be endless. */
const pagesMax = 1_000;

export interface WholeOwner {
  readonly owner: Owner;
  readonly profile: OwnerProfile;
  readonly account: Account;
}

/** @throws {ApiError} `NOT_FOUND` if there is no such owner. */
export async function wholeOwner(store: ReadStore, id: string): Promise<WholeOwner> {
  const profile = await store.require(owners.doc(id));
  const owner = mintOwner(profile.value.id, profile.value.mode);
  const account = requireFound(await store.get(accounts.of(owner, accountId)));
  return { owner, profile: profile.value, account: account.value };
}

interface NewState {
  readonly state: OwnerProfile["state"];
  /** Whether the owner's executions are stopped. */
  readonly stop: boolean;
  readonly by: StoppedBy;
  readonly now: number;
}

/** The writes that suspend or resume an owner, in one commit. Pure. */
export function turnOwner({ owner, account }: WholeOwner, turn: NewState): readonly Write[] {
  const { state, stop, by, now } = turn;
  const suspendedAt = state === "active" ? null : (account.admission.suspendedAt ?? now);
  const followUp: KeyFollowUp = {
    v: 1,
    ownerId: owner.id,
    mode: owner.mode,
    stop,
    requestId: by.requestId,
    actor: by.actor,
    dueAt: now + stopDeadlineMs,
  };
  return [
    patchInside(
      accounts.of(owner, accountId),
      { "admission.suspendedAt": suspendedAt },
      { updatedAt: now },
    ),
    patch(owners.doc(owner.id), { state }),
    overwrite(keyFollowUps.doc(owner.id), followUp),
  ];
}

/**
 * Brings the keys in line with their account. Returns when all of them are, and no instance uses
 * their earlier state.
 * @returns the owner's unfinished executions, stopped if that was ordered.
 */
export async function followAccount(deps: StopDeps, id: string): Promise<readonly string[]> {
  const { ref, value, version } = await deps.store.get(keyFollowUps.doc(id));
  // Another process has finished it.
  if (!value) return [];
  const owner = mintOwner(value.ownerId, value.mode);
  await reachKeys(deps, owner);
  const { stop, actor, requestId } = value;
  const by = { actor, requestId };
  const ids = await finishClosing(deps, { owner, keyId: null, stop, by, done: async () => {} });
  try {
    await withDeadline(deps.store.commit([remove(ref, version)]));
  } catch (error) {
    // The owner was suspended or resumed again meanwhile, which has an order of its own.
    if (!isConflict(error)) throw error;
  }
  return ids;
}

/** Orders whose process must have died, longest overdue first. */
export async function dueFollowUps(
  { store, now }: Pick<StopDeps, "store" | "now">,
  limit: number,
): Promise<readonly DueDocument<typeof keyFollowUps.schema>[]> {
  return await store.findDue(keyFollowUps.all(), { field: "dueAt", until: now(), limit });
}

/** Goes page by page until every key agrees with the account. */
async function reachKeys(deps: StopDeps, owner: Owner): Promise<void> {
  for (let page = 0; page < pagesMax; page += 1) if ((await reachPage(deps, owner)) === 0) return;
  throw new Error(`${owner.id} has keys without end`);
}

/** Each page is decided on the account, so if two processes change it at once the last one wins. */
async function reachPage(deps: StopDeps, owner: Owner): Promise<number> {
  let keys = await keysUnlike(deps.store, owner);
  if (keys.found.length === 0) return 0;
  await deps.commits.submit({
    owner,
    needsAccount: true,
    closes: true,
    refresh: async () => {
      keys = await keysUnlike(deps.store, owner);
    },
    decide: (account) => {
      if (!account || stateOf(account) !== keys.state) throw new StaleRead();
      const writes = keys.found.map(({ ref }) => patch(ref, { ownerState: keys.state }));
      return { writes, account: { ...account, updatedAt: deps.now() } };
    },
  });
  return keys.found.length;
}

async function keysUnlike(store: Store, owner: Owner) {
  const state = stateOf(requireFound(await store.get(accounts.of(owner, accountId))).value);
  const where = [
    ["ownerId", owner.id],
    ["revokedAt", null],
    ["ownerState", state === "active" ? "suspended" : "active"],
  ] as const;
  const keys = await store.findAll(apiKeys.all(), { where, orderBy: [], limit: keysPerPageMax });
  // A key that a containment holds stays refused until that is released.
  const found = keys.filter(({ value }) => state === "suspended" || value.containedBy === null);
  return { state, found };
}

function stateOf({ admission }: Account): OwnerProfile["state"] {
  return admission.suspendedAt === null ? "active" : "suspended";
}
