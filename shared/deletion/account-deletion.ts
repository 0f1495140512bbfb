/** Orders and cancels the deletion of an account. Pure, but for the reads that say so. */

import { createHash } from "node:crypto";
import { deploymentLimits } from "../config.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import { resume, suspend, type WholeOwner, wholeOwner } from "../owners/suspend-owner.ts";
import { type AccountDeletion, accountDeletions } from "../store/account-deletions.ts";
import { createOrReplace, replace, type Snapshot, type Write } from "../store/documents.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { ReadStore } from "../store/store.ts";

export const receiptRandomBytes = 32;
/** 32 random bytes in hex. Only their hash is stored. */
export const receiptForm = /^[0-9a-f]{64}$/;

export type FoundDeletion = FoundDocument<typeof accountDeletions.schema>;

/** What a deletion is decided on. */
export interface DeletionBasis extends WholeOwner {
  readonly earlier: Snapshot<typeof accountDeletions.schema>;
}

/** @throws {ApiError} `NOT_FOUND` if there is no such owner. */
export async function readForDeletion(store: ReadStore, ownerId: string): Promise<DeletionBasis> {
  const [whole, earlier] = await allInOrder([
    wholeOwner(store, ownerId),
    store.get(accountDeletions.doc(ownerId)),
  ]);
  return { ...whole, earlier };
}

interface Order {
  readonly by: Pick<AccountDeletion, "actor" | "requestId">;
  readonly random: Buffer;
  readonly now: number;
}

/**
 * The writes that order a deletion: from their commit on, nothing is started or changed for the
 * account, and its keys follow at once.
 * @throws {ApiError} `CONFLICT` if it was ordered before.
 */
export function orderDeletion(basis: DeletionBasis, { by, random, now }: Order) {
  const { owner, earlier } = basis;
  if (earlier.value && earlier.value.state !== "cancelled") {
    throw new ApiError("CONFLICT", { message: "The account is being deleted already." });
  }
  const receipt = random.toString("hex");
  const eraseAt = now + deploymentLimits().accountDeletion.cancelMs;
  const deletion: AccountDeletion = {
    v: 1,
    ownerId: owner.id,
    mode: owner.mode,
    state: "pending",
    receiptSha256: hashReceipt(receipt),
    requestedAt: now,
    ...by,
    eraseAt,
    dueAt: eraseAt,
    kept: null,
    searchAt: 0,
    finishedAt: null,
    certificate: null,
    certificateKey: null,
  };
  const writes: readonly Write[] = [
    ...suspend(basis, { reason: "deletion", stop: true, by, now }),
    createOrReplace(earlier.ref, earlier.version, deletion),
  ];
  return { writes, receipt, deletion };
}

/**
 * The writes that cancel a deletion, and open the account unless it is suspended for other reasons.
 * @throws {ApiError} `CONFLICT` once it has begun to erase.
 */
export function cancelDeletion(
  basis: WholeOwner,
  { ref, value, version }: FoundDeletion,
  { by, now }: Pick<Order, "now"> & { readonly by: Parameters<typeof resume>[1]["by"] },
): readonly Write[] {
  requireCancellable(value);
  return [
    ...resume(basis, { reason: "deletion", by, now }),
    replace(ref, version, { ...value, state: "cancelled", dueAt: null, finishedAt: now }),
  ];
}

/** @throws {ApiError} `CONFLICT` once it has begun to erase. One that was cancelled stays so. */
export function requireCancellable({ state }: AccountDeletion): void {
  if (state === "pending") return;
  throw new ApiError("CONFLICT", { message: "The deletion can't be cancelled any more." });
}

/** @throws {ApiError} `CONFLICT` if the account is being deleted, since its keys must stay dead. */
export function requireNoDeletion({ value }: Snapshot<typeof accountDeletions.schema>): void {
  if (!value || value.state === "cancelled") return;
  throw new ApiError("CONFLICT", { message: "The account is being deleted; cancel that first." });
}

/** @throws {ApiError} `NOT_FOUND` for a receipt that was never given. */
export async function deletionOfReceipt(store: ReadStore, receipt: string): Promise<FoundDeletion> {
  const where = [["receiptSha256", hashReceipt(receipt)]] as const;
  const [found] = await store.findAll(accountDeletions.all(), { where, orderBy: [], limit: 1 });
  if (!found) throw new ApiError("NOT_FOUND");
  return found;
}

function hashReceipt(receipt: string): string {
  return createHash("sha256").update(receipt).digest("hex");
}
