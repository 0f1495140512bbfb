import type { IncomingMessage } from "node:http";
import { ApiError } from "#shared/errors/api-error";
import { patch } from "#shared/store/documents";
import type { FoundDocument } from "#shared/store/read-document";
import type { Store } from "#shared/store/store";
import type { transfers } from "#shared/store/transfers";
import { withDeadline } from "#shared/store/with-deadline";
import { OncePerRequest } from "./once-per-request.ts";

type Upload = FoundDocument<typeof transfers.schema>;

/**
 * A completion reads all of an upload, gigabytes at worst, before it may be refused for want of
 * room; without a bound, its client could have that done again and again for nothing.
 */
const readingsMax = 20;

const counted = new OncePerRequest<Upload>();

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
  // One that has counted already has read the upload again since.
  if (await counted.doneBy(request)) return upload;
  return await counted.do(request, async () => {
    if (upload.value.readingCount >= readingsMax) {
      const message = `The upload was read ${readingsMax} times and not put into the workspace: make room and begin another one.`;
      throw new ApiError("TRANSFER_ENDED", { message });
    }
    const more = patch(upload.ref, {}, { increments: { readingCount: 1 }, mustExist: true });
    const version = await withDeadline(store.commit([more]));
    return { ...upload, version };
  });
}
