/**
 * Limits what an owner downloads in a UTC day, because outgoing bytes cost the deployment money and
 * the owner nothing (TEN-2). A download's bytes are counted before the first one is sent and taken
 * back if they are too many, so concurrent downloads can't exceed the quota.
 */
import { deploymentLimits } from "../config.ts";
import { derivedId } from "../core/ids.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { auditEntry, auditRows } from "../store/audit-rows.ts";
import { createOrReplace, patch, type Write } from "../store/documents.ts";
import { downloadUsageId, downloadUsages } from "../store/usage.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import type { CountingStore } from "./store-object.ts";

/** Each try may lose to another download that starts the day or creates the document. */
const attemptsMax = 5;
export const dayMs = 24 * 60 * 60_000;

export interface Download {
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
  await uncountDownload(store, owner, download);
  throw tooMuchDownloaded(download.now, bytesMax);
}

/**
 * Counts a download before `open` makes its first bytes ready, and takes it back if that fails.
 * @throws {ApiError} `RATE_LIMITED`, `UNAVAILABLE`, and what `open` throws.
 */
export async function countOpened<T>(
  store: CountingStore,
  owner: Owner,
  { open, ...download }: Download & { open(): Promise<T> },
): Promise<T> {
  await countDownload(store, owner, download);
  try {
    return await open();
  } catch (error) {
    await uncountDownload(store, owner, download);
    throw error;
  }
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
  const ref = downloadUsages.of(owner, downloadUsageId);
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const { value, version } = await store.get(ref);
    const today = Math.floor(now / dayMs);
    // An instance whose clock is behind doesn't set the day back, because the next instance would
    // then begin the day at zero again.
    const isFirst = value === null || version === null || value.day < today;
    const before = isFirst ? { day: today, bytes: 0, quarters: 0 } : value;
    const bytes = before.bytes + sizeBytes;
    // A full quota is refused without a write.
    if (bytes > bytesMax) throw tooMuchDownloaded(now, bytesMax);
    const { quarters, rows } = quarterRow(owner, { ...before, bytes, now });
    // It collided with another download's row, which is for this quarter, too.
    const more = attempt > 1 ? await missing(store, rows) : rows.map(({ write }) => write);
    const counted = isFirst
      ? createOrReplace(ref, version, { v: 1, kind: "downloads", day: today, bytes, quarters })
      : rows.length > 0
        ? // The next day, which another download may begin meanwhile, has other quarters.
          patch(ref, { quarters }, { increments: { bytes: sizeBytes }, version })
        : patch(ref, {}, { increments: { bytes: sizeBytes }, mustExist: true });
    try {
      await withDeadline(store.commit([counted, ...more]));
    } catch (error) {
      if (!isConflict(error)) throw error;
      continue;
    }
    return isFirst ? bytes : ((await store.get(ref)).value?.bytes ?? 0);
  }
  throw new ApiError("UNAVAILABLE", { cause: "the day's downloads change all the time" });
}

interface QuarterRow {
  readonly ref: ReturnType<typeof auditRows.of>;
  readonly write: Write;
}

async function missing(store: CountingStore, rows: readonly QuarterRow[]): Promise<Write[]> {
  const known = await allInOrder(rows.map(({ ref }) => store.get(ref)));
  return rows.flatMap(({ write }, index) => (known[index]?.version ? [] : [write]));
}

/**
 * The audit row of a day whose downloads have reached another quarter of the deployment's quota
 * since its last row. How many quarters have rows is stored beside the bytes: what was taken back
 * and is counted again needs no other row.
 */
function quarterRow(
  owner: Owner,
  usage: {
    readonly day: number;
    readonly quarters: number;
    readonly bytes: number;
    readonly now: number;
  },
): { readonly quarters: number; readonly rows: readonly QuarterRow[] } {
  const { day, bytes, now } = usage;
  const quarter = deploymentLimits().quotas.downloadedBytesPerDayMax / 4;
  const quarters = Math.floor(bytes / quarter);
  if (quarters <= usage.quarters) return { quarters: usage.quarters, rows: [] };
  const id = derivedId("auditRow", owner.id, "downloads", String(day), String(quarters));
  const write = auditEntry(owner, {
    id,
    at: now,
    actor: { type: "maintenance", id: "downloads" },
    action: "download.quarter_reached",
    subject: owner.id,
    requestId: id,
    facts: { bytes: Math.floor(quarters * quarter) },
    sealedDetails: null,
  });
  return { quarters, rows: [{ ref: auditRows.of(owner, id), write }] };
}

/**
 * Takes back what was counted, because nothing was sent. It tries only once: a call that failed may
 * have succeeded, and subtracting twice would make the count too low. One that is too high is safe.
 */
export async function uncountDownload(
  store: CountingStore,
  owner: Owner,
  { sizeBytes, now }: Download,
): Promise<void> {
  const ref = downloadUsages.of(owner, downloadUsageId);
  const increments = { bytes: 0 - sizeBytes };
  try {
    const { value } = await store.get(ref);
    // Another day has begun without these bytes.
    if (value === null || value.day > Math.floor(now / dayMs)) return;
    const uncounted = patch(ref, {}, { increments, mustExist: true });
    await withDeadline(store.commitWithoutRetry([uncounted]));
  } catch {
    // The day's count stays too high.
  }
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
