import type { IncomingMessage } from "node:http";
import { ApiError } from "#shared/errors/api-error";
import { patch } from "#shared/store/documents";
import type { FoundDocument } from "#shared/store/read-document";
import type { Store } from "#shared/store/store";
import { hasTransferEnded, type Transfer, type transfers } from "#shared/store/transfers";
import { isConflict, withDeadline } from "#shared/store/with-deadline";
import { OncePerRequest } from "./once-per-request.ts";

type Upload = FoundDocument<typeof transfers.schema>;

/**
 * A completion reads all of an upload, gigabytes at worst, before it may be refused for want of
 * room; without a bound, its client could have that done again and again for nothing.
 */
const readingsMax = 20;
/** How often other requests may come between. */
const attemptsMax = 2 * readingsMax;

const counted = new OncePerRequest<Upload>();

/**
 * Counts that a request is about to read an upload. The commit names the version that was read, so
 * no two requests count as one, and one that was cancelled meanwhile isn't taken for open.
 * @returns the upload as it is then; another request may have completed it.
 * @throws {ApiError} `TRANSFER_ENDED` if it has ended or was read too often, `UNAVAILABLE`.
 */
export async function countReading(
  store: Pick<Store, "commit" | "require">,
  upload: Upload,
  { request, now }: { readonly request: IncomingMessage; readonly now: number },
): Promise<Upload> {
  // One that has counted already has read the upload again since.
  if (await counted.doneBy(request)) return upload;
  return await counted.do(request, async () => await count(store, upload, now));
}

async function count(
  store: Pick<Store, "commit" | "require">,
  upload: Upload,
  now: number,
): Promise<Upload> {
  let found = upload;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    if (found.value.state === "completed") return found;
    requireReadable(found.value, now);
    const value = { ...found.value, readingCount: found.value.readingCount + 1 };
    const { ref, version } = found;
    const more = patch(ref, { readingCount: value.readingCount }, { version });
    try {
      return { ref, value, version: await withDeadline(store.commit([more])) };
    } catch (error) {
      if (!isConflict(error)) throw error;
      found = await store.require(ref);
    }
  }
  throw new ApiError("UNAVAILABLE", { cause: "the upload changes all the time" });
}

function requireReadable(value: Transfer, now: number): void {
  if (hasTransferEnded(value, now)) throw new ApiError("TRANSFER_ENDED");
  if (value.readingCount < readingsMax) return;
  const message = `The upload was read ${readingsMax} times and not put into the workspace: make room and begin another one.`;
  throw new ApiError("TRANSFER_ENDED", { message });
}
