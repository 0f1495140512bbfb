/** An owner's whole account, shut and opened: see `close-keys.ts` for a single key of it. */
import type { Account } from "../core/account.ts";
import { apiKeys } from "../store/api-keys.ts";
import { patch, type Write } from "../store/documents.ts";
import { type OwnerProfile, owners } from "../store/owners.ts";
import { type Found, present, type Store } from "../store/store.ts";
import { type FoundKey, stopDeadlineMs } from "./close-keys.ts";
import { mintOwner, type Owner } from "./owner.ts";

/** Above what an owner can have, by what may be made at the same moment. */
const keysPerCommitMax = 450;

export interface WholeOwner {
  readonly owner: Owner;
  readonly profile: Found<typeof owners.schema>;
  /** Those that have not been revoked. */
  readonly keys: readonly FoundKey[];
}

/** @throws {ApiError} `NOT_FOUND` if there is no such owner. */
export async function wholeOwner(store: Store, id: string): Promise<WholeOwner> {
  const where = [
    ["ownerId", id],
    ["revokedAt", null],
  ] as const;
  const [profile, keys] = await Promise.all([
    store.get(owners.doc(id)),
    store.findRefs(apiKeys.all(), { where, orderBy: [], limit: keysPerCommitMax + 1 }),
  ]);
  if (keys.length > keysPerCommitMax) throw new Error(`${id} has more keys than one commit takes`);
  const found = present(profile);
  return { owner: mintOwner(found.value.id, found.value.mode), profile: found, keys };
}

export interface Shut {
  readonly writes: readonly Write[];
  readonly account: Account;
  /** All the owner has going; nothing can be added to it once this is committed. */
  readonly executionIds: readonly string[];
}

/** All keys at once: from this commit on none of them starts anything or makes another. Pure. */
export function suspend(
  account: Account,
  { profile, keys }: WholeOwner,
  how: { readonly stop: boolean; readonly now: number },
): Shut {
  const { stop, now } = how;
  const executionIds = Object.keys(account.holds);
  const due = stop && executionIds.length > 0 ? { dueAt: now + stopDeadlineMs } : {};
  const suspendedAt = account.admission.suspendedAt ?? now;
  return {
    writes: stateWrites({ profile, keys }, "suspended", () => due),
    account: { ...account, admission: { ...account.admission, suspendedAt }, updatedAt: now },
    executionIds,
  };
}

/** The keys are good again as they were; what was stopped stays stopped. Pure. */
export function resume(
  account: Account,
  { profile, keys }: WholeOwner,
  now: number,
): Pick<Shut, "writes" | "account"> {
  const dueAgain = ({ value }: FoundKey) => ({ dueAt: value.expiresAt });
  return {
    writes: stateWrites({ profile, keys }, "active", dueAgain),
    account: { ...account, admission: { ...account.admission, suspendedAt: null }, updatedAt: now },
  };
}

function stateWrites(
  { profile, keys }: Omit<WholeOwner, "owner">,
  state: OwnerProfile["state"],
  more: (key: FoundKey) => { readonly dueAt?: number | null },
): readonly Write[] {
  return [
    patch(profile.ref, { state }, { version: profile.version }),
    ...keys.map((key) => {
      const { ref, version } = key;
      return patch(ref, { ownerState: state, ...more(key) }, { version });
    }),
  ];
}
