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
import type { Containment } from "../store/containments.ts";
import {
  overwrite,
  patch,
  patchInside,
  remove,
  type Version,
  type Write,
} from "../store/documents.ts";
import type { DueDocument } from "../store/due-documents.ts";
import { type KeyFollowUp, keyFollowUps } from "../store/key-follow-ups.ts";
import { accountId, accounts, type OwnerProfile, owners } from "../store/owners.ts";
import { requireFound } from "../store/read-document.ts";
import type { ReadStore, Store } from "../store/store.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";

const keysPerPageMax = 400;
/** Far more pages than an owner can have; a loop beyond it would be endless. */
const pagesMax = 1_000;

export interface WholeOwner {
  readonly owner: Owner;
  readonly profile: OwnerProfile;
  readonly account: Account;
  readonly accountVersion: Version;
}

/** @throws {ApiError} `NOT_FOUND` if there is no such owner. */
export async function wholeOwner(
  store: Pick<ReadStore, "get" | "require">,
  id: string,
): Promise<WholeOwner> {
  const profile = await store.require(owners.doc(id));
  const owner = mintOwner(profile.value.id, profile.value.mode);
  const account = requireFound(await store.get(accounts.of(owner, accountId)));
  const { value, version } = account;
  return { owner, profile: profile.value, account: value, accountVersion: version };
}

/** A reason for which an account is suspended: `operator`, `deletion` or a containment's id. */
type Reason = "operator" | "deletion" | Containment["id"];

interface Suspension {
  readonly reason: Reason;
  /** Whether the owner's executions are stopped. */
  readonly stop: boolean;
  readonly by: StoppedBy;
  readonly now: number;
}

/** The writes that suspend an owner for one more reason, in one commit. Pure. */
export function suspend(
  whole: WholeOwner,
  { reason, stop, by, now }: Suspension,
): readonly Write[] {
  const { owner, account } = whole;
  const { suspendedAt } = account.admission;
  // An account that was suspended before reasons were stored was so by an operator.
  const before = suspendedAt !== null && reasonsOf(account).length === 0;
  const reasons = {
    ...(before ? { "suspensions.operator": suspendedAt } : {}),
    [`suspensions.${reason}`]: now,
    "admission.suspendedAt": suspendedAt ?? now,
  } as const;
  return [
    patchInside(accounts.of(owner, accountId), reasons, { updatedAt: now }),
    patch(owners.doc(owner.id), { state: "suspended" }, { mustExist: true }),
    suspending(whole, { stop, by, now }),
  ];
}

/**
 * The order to follow. One that keeps what runs doesn't undo another's order to stop it, which may
 * still be under way.
 */
function suspending(whole: WholeOwner, turn: Omit<Suspension, "reason">): Write {
  const ref = keyFollowUps.doc(whole.owner.id);
  const { stop, ...order } = followUp(whole, turn);
  return stop ? overwrite(ref, { ...order, stop }) : patch(ref, order);
}

/**
 * The writes that take a reason away. The account is opened only if it was the last one, and only
 * if no other was added since it was read. Pure.
 */
export function resume(
  whole: WholeOwner,
  { reason, by, now }: Omit<Suspension, "stop">,
): readonly Write[] {
  const { owner, account, accountVersion: version } = whole;
  const ref = accounts.of(owner, accountId);
  const removes = [`suspensions.${reason}`];
  if (otherReasons(account, reason).length > 0) {
    return [patch(ref, { updatedAt: now }, { version, removes })];
  }
  return [
    patch(ref, { updatedAt: now, ...{ "admission.suspendedAt": null } }, { version, removes }),
    patch(owners.doc(owner.id), { state: "active" }, { mustExist: true }),
    overwrite(keyFollowUps.doc(owner.id), followUp(whole, { stop: false, by, now })),
  ];
}

/** What else the account is suspended for. */
export function otherReasons(account: Account, reason: Reason): readonly string[] {
  return reasonsOf(account).filter((each) => each !== reason);
}

function reasonsOf({ suspensions }: Account): readonly string[] {
  return Object.keys(suspensions);
}

function followUp({ owner }: WholeOwner, turn: Omit<Suspension, "reason">): KeyFollowUp {
  const { stop, by, now } = turn;
  return {
    v: 1,
    ownerId: owner.id,
    mode: owner.mode,
    stop,
    requestId: by.requestId,
    actor: by.actor,
    dueAt: now + stopDeadlineMs,
  };
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
      const fields = { ownerState: keys.state };
      const writes = keys.found.map(({ ref }) => patch(ref, fields, { mustExist: true }));
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
  const keys = await store.findAll(apiKeys.all(), {
    where,
    orderBy: [],
    limit: keysPerPageMax,
    outOfTurn: true,
  });
  // A key that a containment holds stays refused until that is released.
  const found = keys.filter(({ value }) => state === "suspended" || value.containedBy === null);
  return { state, found };
}

function stateOf({ admission }: Account): OwnerProfile["state"] {
  return admission.suspendedAt === null ? "active" : "suspended";
}
