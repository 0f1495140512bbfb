/**
 * Counts large files on their way, from before anything of them is stored. The count and the
 * transfer's document change in one commit, so what is counted is always found: what a process
 * leaves when it dies is taken off by the sweep that ends the document (`collect-transfers.ts`).
 *
 * Uploads count as stored. Copies for signed addresses are caused by readers, and have a share of
 * their own: however many are made, executions can save their workspaces.
 */
import { deploymentLimits } from "../config.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { create, patch, remove, type Write } from "../store/documents.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { type Transfer, transfers } from "../store/transfers.ts";
import {
  signedCopyUsageId,
  signedCopyUsages,
  storageUsageId,
  storageUsages,
} from "../store/usage.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import { nextSweepAt, scheduleSweepFrom } from "./schedule-sweep.ts";
import {
  attemptsMax,
  type CountingStore,
  type Quotas,
  requireWithinQuota,
  type StoringDeps,
} from "./store-object.ts";

/** A transfer that is counted, and the version of its document. */
export type Reserved = FoundDocument<typeof transfers.schema>;

/** @throws {ApiError} `QUOTA_REACHED`, `UNAVAILABLE`. */
export async function reserveTransfer(
  { store, now }: StoringDeps,
  owner: Owner,
  transfer: Transfer,
  quotas: Quotas = deploymentLimits().quotas,
): Promise<Reserved> {
  const sweepAt = nextSweepAt(now(), quotas.unreferencedMs);
  const { value: usage } = await store.get(storageUsages.of(owner, storageUsageId));
  // Before anything is counted, so that whatever happens then is looked for.
  await scheduleSweepFrom(store, owner, { usage, sweepAt });
  const reserved = await begin(store, owner, { transfer, sweepAt });
  try {
    await requireRoom(store, owner, { kind: transfer.kind, quotas });
  } catch (error) {
    await releaseTransfer(store, owner, reserved);
    throw error;
  }
  return reserved;
}

/**
 * Takes back what was counted, and the transfer itself. It changes nothing if the transfer was
 * changed since: its request was answered, or a sweep has ended it.
 */
export async function releaseTransfer(
  store: CountingStore,
  owner: Owner,
  { ref, value, version }: Reserved,
): Promise<void> {
  await withDeadline(store.commit([remove(ref, version), uncounting(owner, value)])).catch(
    ignoreConflict,
  );
}

/**
 * The same for one whose object may be stored: it is deleted before it counts no more.
 * @param removeObject Deletes the object, if there is one.
 */
export async function releaseStored(
  store: CountingStore,
  owner: Owner,
  { reserved, removeObject }: { readonly reserved: Reserved; removeObject(): Promise<void> },
): Promise<void> {
  const { ref, value, version } = reserved;
  const cancelled = { state: "cancelled" } as const;
  const ended = await withDeadline(store.commit([patch(ref, cancelled, { version })])).catch(
    ignoreConflict,
  );
  if (!ended) return;
  await removeObject();
  await releaseTransfer(store, owner, { ref, value: { ...value, ...cancelled }, version: ended });
}

/** The write that takes a transfer off what its owner stores. */
export function uncounting(owner: Owner, { kind, sizeBytes }: Transfer): Write {
  return adding(owner, kind, { bytes: 0 - sizeBytes, objects: -1 });
}

function adding(
  owner: Owner,
  kind: Transfer["kind"],
  increments: { readonly bytes: number; readonly objects: number },
): Write {
  const how = { increments, mustExist: true } as const;
  return kind === "upload"
    ? patch(storageUsages.of(owner, storageUsageId), {}, how)
    : patch(signedCopyUsages.of(owner, signedCopyUsageId), {}, how);
}

async function begin(
  store: CountingStore,
  owner: Owner,
  { transfer, sweepAt }: { readonly transfer: Transfer; readonly sweepAt: number },
): Promise<Reserved> {
  const { id, kind, sizeBytes } = transfer;
  const ref = transfers.of(owner, id);
  const amount = { bytes: sizeBytes, objects: 1 };
  const first = { v: 1, ...amount } as const;
  const created =
    kind === "upload"
      ? create(storageUsages.of(owner, storageUsageId), {
          ...{ ...first, kind: "storage", ownerId: owner.id, sweepAt },
        })
      : create(signedCopyUsages.of(owner, signedCopyUsageId), { ...first, kind: "signedCopies" });
  const counted = adding(owner, kind, amount);
  for (let attempt = 1; ; attempt += 1) {
    const count = attempt % 2 === 0 ? created : counted;
    try {
      const version = await withDeadline(store.commit([create(ref, transfer), count]));
      return { ref, value: transfer, version };
    } catch (error) {
      if (!isConflict(error) || attempt >= attemptsMax) throw error;
    }
  }
}

async function requireRoom(
  store: CountingStore,
  owner: Owner,
  { kind, quotas }: { readonly kind: Transfer["kind"]; readonly quotas: Quotas },
): Promise<void> {
  if (kind === "upload") {
    const { value } = await store.get(storageUsages.of(owner, storageUsageId));
    return requireWithinQuota(value, quotas);
  }
  const { value } = await store.get(signedCopyUsages.of(owner, signedCopyUsageId));
  const limit = quotas.signedCopyBytesMax;
  if ((value?.bytes ?? 0) <= limit) return;
  const message = `The files of an account's signed addresses have at most ${limit} bytes together; they are freed within hours.`;
  const details = { of: "bytes of signed addresses", limit };
  throw new ApiError("QUOTA_REACHED", { message, details });
}

function ignoreConflict(error: unknown): void {
  if (!isConflict(error)) throw error;
}
