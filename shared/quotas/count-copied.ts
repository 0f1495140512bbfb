/**
 * Limits what copies of threads write in a UTC day. An execution pays for its messages; a copy pays
 * for none, and each of its messages is two documents with up to 512 entries of an index (TEN-2).
 * The count is part of the commit that makes the copy, so it is exact.
 */
import { deploymentLimits } from "../config.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { createOrReplace, type Snapshot, type Write } from "../store/documents.ts";
import type { ReadStore } from "../store/store.ts";
import { threadCopyUsageId, threadCopyUsages } from "../store/usage.ts";
import { dayMs } from "./count-download.ts";

/** A long message counts as several. */
const messageBytes = 10 * 1024;

export type CopiedToday = Snapshot<typeof threadCopyUsages.schema>;

export async function copiedToday(
  store: Pick<ReadStore, "get">,
  owner: Owner,
): Promise<CopiedToday> {
  return await store.get(threadCopyUsages.of(owner, threadCopyUsageId));
}

/**
 * The write that counts a copy of these messages. Pure.
 * @throws {ApiError} `RATE_LIMITED`.
 */
export function countCopied(
  { ref, value, version }: CopiedToday,
  said: readonly { readonly content: string }[],
  now: number,
  limit: number = deploymentLimits().quotas.copiedMessagesPerDayMax,
): readonly Write[] {
  const copied = said.reduce((sum, { content }) => sum + weightOf(content), 0);
  if (copied === 0) return [];
  const today = Math.floor(now / dayMs);
  // An instance whose clock is behind doesn't set the day back.
  const day = Math.max(today, value?.day ?? today);
  const messages = (value?.day === day ? value.messages : 0) + copied;
  if (messages > limit) throw tooManyCopied(now, limit);
  return [createOrReplace(ref, version, { v: 1, kind: "threadCopies", day, messages })];
}

function weightOf(content: string): number {
  return Math.max(1, Math.ceil(Buffer.byteLength(content) / messageBytes));
}

function tooManyCopied(now: number, limit: number): ApiError {
  return new ApiError("RATE_LIMITED", {
    message: `An account copies at most ${limit} messages of threads in a UTC day; wait for the next one.`,
    details: { of: "copied messages", limit },
    headers: { "retry-after": String(Math.ceil((dayMs - (now % dayMs)) / 1_000)) },
  });
}
