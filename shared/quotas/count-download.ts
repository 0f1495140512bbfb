/**
 * Limits what an owner downloads in a UTC day. Reading costs the owner nothing, but outgoing bytes
 * cost us (TEN-2). They are counted before the first one is sent, and taken back if that is too
 * much, so concurrent downloads can't exceed the quota.
 */
import { deploymentLimits } from "../config.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { create, patch, replace } from "../store/documents.ts";
import { downloadUsageId, downloadUsages } from "../store/usage.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import type { CountingStore } from "./store-object.ts";

/** Between two tries, another download may start the day or create the document. */
const attemptsMax = 5;
const dayMs = 24 * 60 * 60_000;

interface Download {
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** @throws {ApiError} `RATE_LIMITED`, `UNAVAILABLE`. */
export async function countDownload(
  store: CountingStore,
  owner: Owner,
  { sizeBytes, now }: Download,
  bytesMax: number = deploymentLimits().quotas.downloadedBytesPerDayMax,
): Promise<void> {
  const day = Math.floor(now / dayMs);
  const ref = downloadUsages.of(owner, downloadUsageId);
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const { value, version } = await store.get(ref);
    try {
      if (value === null || version === null || value.day < day) {
        requireAtMost(bytesMax, sizeBytes, now);
        const next = { v: 1, kind: "downloads", day, bytes: sizeBytes } as const;
        await withDeadline(
          store.commit([version ? replace(ref, version, next) : create(ref, next)]),
        );
        return;
      }
      // A full quota is refused without a write.
      requireAtMost(bytesMax, value.bytes + sizeBytes, now);
      const increments = { bytes: sizeBytes };
      await withDeadline(store.commit([patch(ref, { day }, { increments, mustExist: true })]));
    } catch (error) {
      if (!isConflict(error)) throw error;
      continue;
    }
    const counted = (await store.get(ref)).value?.bytes ?? 0;
    if (counted <= bytesMax) return;
    await takeBack(store, owner, sizeBytes);
    throw tooMuch(bytesMax, now);
  }
  throw new ApiError("UNAVAILABLE", { cause: "the day's downloads change all the time" });
}

/**
 * Tried once: taking back twice makes the count too low; not at all makes it too high, which is
 * safe.
 */
async function takeBack(store: CountingStore, owner: Owner, sizeBytes: number): Promise<void> {
  const increments = { bytes: 0 - sizeBytes };
  const ref = downloadUsages.of(owner, downloadUsageId);
  await withDeadline(store.commitOnce([patch(ref, {}, { increments, mustExist: true })])).catch(
    () => undefined,
  );
}

function requireAtMost(bytesMax: number, bytes: number, now: number): void {
  if (bytes > bytesMax) throw tooMuch(bytesMax, now);
}

function tooMuch(bytesMax: number, now: number): ApiError {
  return new ApiError("RATE_LIMITED", {
    message: `An account downloads at most ${bytesMax} bytes in a UTC day; wait for the next one.`,
    details: { of: "downloaded bytes", limit: bytesMax },
    headers: { "retry-after": String(Math.ceil((dayMs - (now % dayMs)) / 1_000)) },
  });
}
