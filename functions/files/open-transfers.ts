import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import type { ReadStore } from "#shared/store/store";
import { hasTransferEnded, transfers } from "#shared/store/transfers";

/** What they store is counted exactly, so it does no harm if concurrent requests exceed this. */
const openMax = 20;
/** Those that have ended are counted until the next sweep. */
const readMax = 25 * openMax;

/** @throws {ApiError} `QUOTA_REACHED`. */
export async function requireFewOpen(store: ReadStore, owner: Owner, now: number): Promise<void> {
  const found = await store.findAll(transfers.all(owner), {
    where: [["isCounted", true]],
    orderBy: [],
    limit: readMax,
  });
  const open = found.filter(({ value }) => !hasTransferEnded(value, now)).length;
  if (open < openMax && found.length < readMax) return;
  const message = `An account has at most ${openMax} large files on their way; wait for some.`;
  const details = { of: "open uploads and downloads", limit: openMax };
  throw new ApiError("QUOTA_REACHED", { message, details });
}
