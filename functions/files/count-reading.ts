import type { IncomingMessage } from "node:http";
import { ApiError } from "#shared/errors/api-error";
import { patch } from "#shared/store/documents";
import type { FoundDocument } from "#shared/store/read-document";
import type { Store } from "#shared/store/store";
import type { transfers } from "#shared/store/transfers";
import { withDeadline } from "#shared/store/with-deadline";

type Upload = FoundDocument<typeof transfers.schema>;

/**
 * A completion reads all of an upload, gigabytes at worst, before it may be refused for want of
 * room; without a bound, its client could have that done again and again for nothing.
 */
const readingsMax = 20;

/** A request reads once, however often its change is decided. */
const counted = new WeakSet<IncomingMessage>();

/**
 * Counts that a request is about to read an upload.
 * @returns the upload with the version that it has then.
 * @throws {ApiError} `TRANSFER_ENDED` if it was read too often, `UNAVAILABLE`.
 */
export async function countReading(
  store: Pick<Store, "commit">,
  upload: Upload,
  request: IncomingMessage,
): Promise<Upload> {
  if (counted.has(request)) return upload;
  if (upload.value.readingCount >= readingsMax) {
    const message = `The upload was read ${readingsMax} times and not put into the workspace: make room and begin another one.`;
    throw new ApiError("TRANSFER_ENDED", { message });
  }
  const more = patch(upload.ref, {}, { increments: { readingCount: 1 }, mustExist: true });
  const version = await withDeadline(store.commit([more]));
  counted.add(request);
  return { ...upload, version };
}
