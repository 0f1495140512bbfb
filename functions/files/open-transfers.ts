import { deploymentLimits } from "#shared/config";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { uploadsBegun } from "#shared/quotas/uploads-begun";
import type { ReadStore } from "#shared/store/store";
import { hasTransferEnded, type Transfer, transfers } from "#shared/store/transfers";

/** What they store is counted exactly, so it does no harm if concurrent requests exceed this. */
const openMax = 20;
/** Those that have ended are counted until the next sweep. */
const readMax = 25 * openMax;

/**
 * Readers and writers are counted apart, so that neither keeps the others waiting.
 * @throws {ApiError} `QUOTA_REACHED`.
 */
export async function requireFewOpen(
  store: ReadStore,
  owner: Owner,
  { kind, now }: { readonly kind: Transfer["kind"]; readonly now: number },
): Promise<void> {
  const found = await store.findAll(transfers.all(owner), {
    where: [
      ["isCounted", true],
      ["kind", kind],
    ],
    orderBy: [],
    limit: readMax,
  });
  const open = found.filter(({ value }) => !hasTransferEnded(value, now)).length;
  if (open < openMax && found.length < readMax) return;
  const message = `An account has at most ${openMax} ${kind}s of large files on their way; wait for some.`;
  throw new ApiError("QUOTA_REACHED", {
    message,
    details: { of: `open ${kind}s`, limit: openMax },
  });
}

/** Each keeps an empty object in its place, which every sweep lists. */
const begunMax = 10_000;
/** How often an account's whole room may be sent in that time: what is deleted is kept and paid. */
const begunFactor = 2;

/**
 * Bounds what uploads cost that are begun, sent and given up again and again.
 * @throws {ApiError} `QUOTA_REACHED`.
 */
export async function requireFewBegun(
  store: ReadStore,
  owner: Owner,
  { sizeBytes, now }: { readonly sizeBytes: number; readonly now: number },
): Promise<void> {
  const { count, bytes } = await uploadsBegun(store, owner, now);
  const requireAtMost = (unit: string, limit: number, begun: number) => {
    if (begun <= limit) return;
    const message = `An account begins uploads of at most ${limit} ${unit} in eight days.`;
    const details = { of: `${unit} of uploads in eight days`, limit };
    throw new ApiError("QUOTA_REACHED", { message, details });
  };
  requireAtMost("files", begunMax, count + 1);
  const bytesMax = begunFactor * deploymentLimits().quotas.storedBytesMax;
  requireAtMost("bytes", bytesMax, bytes + sizeBytes);
}
