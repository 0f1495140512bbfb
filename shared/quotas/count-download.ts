/**
 * Limits what an owner downloads in a UTC day, because outgoing bytes cost the deployment money and
 * the owner nothing (TEN-2). A download's bytes are counted before the first one is sent and taken
 * back if they are too many, so concurrent downloads can't exceed the quota.
 */
import { deploymentLimits } from "../config.ts";
import { derivedId } from "../core/ids.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { createOrReplace, patch, type Write } from "../store/documents.ts";
import { downloadUsageId, downloadUsages } from "../store/usage.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import type { CountingStore } from "./store-object.ts";

/** Each try may lose to another download that starts the day or creates the document. */
const attemptsMax = 5;
export const dayMs = 24 * 60 * 60_000;

interface Download {
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** @throws {ApiError} `RATE_LIMITED`, `UNAVAILABLE`. */
export async function countDownload(
  store: CountingStore,
  owner: Owner,
  download: Download,
  bytesMax: number = deploymentLimits().quotas.downloadedBytesPerDayMax,
): Promise<void> {
  if ((await addToDay(store, owner, download, bytesMax)) <= bytesMax) return;
  await takeBack(store, owner, download.sizeBytes);
  throw tooMuchDownloaded(download.now, bytesMax);
}

/**
 * Counts bytes that were sent already, so the day may have more of them than the quota.
 * @returns the day's bytes so far.
 */
export async function countSent(
  store: CountingStore,
  owner: Owner,
  sent: Download,
): Promise<number> {
  return await addToDay(store, owner, sent, Number.POSITIVE_INFINITY);
}

async function addToDay(
  store: CountingStore,
  owner: Owner,
  { sizeBytes, now }: Download,
  bytesMax: number,
): Promise<number> {
  const day = Math.floor(now / dayMs);
  const ref = downloadUsages.of(owner, downloadUsageId);
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const { value, version } = await store.get(ref);
    try {
      if (value === null || version === null || value.day < day) {
        if (sizeBytes > bytesMax) throw tooMuchDownloaded(now, bytesMax);
        const next = { v: 1, kind: "downloads", day, bytes: sizeBytes } as const;
        const first = quarterRow(owner, { before: 0, after: sizeBytes, now });
        await withDeadline(store.commit([createOrReplace(ref, version, next), ...first]));
        return sizeBytes;
      }
      // A full quota is refused without a write.
      if (value.bytes + sizeBytes > bytesMax) throw tooMuchDownloaded(now, bytesMax);
      // An instance whose clock is behind doesn't set the day back, because the next instance would
      // then begin the day at zero again.
      const increments = { bytes: sizeBytes };
      const more = quarterRow(owner, { before: value.bytes, after: value.bytes + sizeBytes, now });
      const counted = patch(ref, {}, { increments, mustExist: true });
      await withDeadline(store.commit([counted, ...more]));
    } catch (error) {
      if (!isConflict(error)) throw error;
      continue;
    }
    return (await store.get(ref)).value?.bytes ?? 0;
  }
  throw new ApiError("UNAVAILABLE", { cause: "the day's downloads change all the time" });
}

/**
 * The audit row of a day whose downloads reach another quarter of the deployment's quota. Its id
 * collides if another download has written it.
 */
function quarterRow(
  owner: Owner,
  { before, after, now }: { readonly before: number; readonly after: number; readonly now: number },
): Write[] {
  const quarter = deploymentLimits().quotas.downloadedBytesPerDayMax / 4;
  const reached = Math.floor(after / quarter);
  if (reached === Math.floor(before / quarter)) return [];
  const day = String(Math.floor(now / dayMs));
  const id = derivedId("auditRow", owner.id, "downloads", day, String(reached));
  return [
    auditEntry(owner, {
      id,
      at: now,
      actor: { type: "maintenance", id: "downloads" },
      action: "download.quarter_reached",
      subject: owner.id,
      requestId: id,
      facts: { bytes: Math.floor(reached * quarter) },
      sealedDetails: null,
    }),
  ];
}

/**
 * Tries only once. A call that failed may have succeeded, and subtracting twice would make the
 * count too low. A count that is too high is safe.
 */
async function takeBack(store: CountingStore, owner: Owner, sizeBytes: number): Promise<void> {
  const increments = { bytes: 0 - sizeBytes };
  const ref = downloadUsages.of(owner, downloadUsageId);
  await withDeadline(
    store.commitWithoutRetry([patch(ref, {}, { increments, mustExist: true })]),
  ).catch(() => undefined);
}

/** The refusal of further downloads, which holds for the rest of the UTC day. */
export function tooMuchDownloaded(
  now: number,
  bytesMax: number = deploymentLimits().quotas.downloadedBytesPerDayMax,
): ApiError {
  return new ApiError("RATE_LIMITED", {
    message: `An account downloads at most ${bytesMax} bytes in a UTC day; wait for the next one.`,
    details: { of: "downloaded bytes", limit: bytesMax },
    headers: { "retry-after": String(Math.ceil((dayMs - (now % dayMs)) / 1_000)) },
  });
}
