import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { ApiError } from "#shared/errors/api-error";
import { closeUpload } from "#shared/google/transfer-objects";
import { change } from "#shared/pipeline/route";
import { scheduleSweep } from "#shared/quotas/schedule-sweep";
import { patch } from "#shared/store/documents";
import { readUploadOf, uploadParams } from "./read-transfer.ts";

const isThere = "The upload was completed; delete its file instead.";

export const cancelUpload = change({
  endpoint: "DELETE /v1/environments/:environmentId/uploads/:uploadId",
  summary: "Cancel an upload of a large file; what was sent is deleted within hours.",
  authenticate: "api-key",
  scope: "files:write",
  params: uploadParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "writes",
  beforeConfirmed: "nothing",
  account: "none",
  audit: "upload.cancelled",
  refusals: ["TRANSFER_ENDED"],
  reply: {
    200: z.object({ success: z.literal(true), deleted: z.literal(true), id: z.string() }),
  },
  read: async ({ caller: { owner }, params, deps }) =>
    await readUploadOf(deps.store, owner, params),
  decide({ data: { ref, value, version } }) {
    const { id, environmentId, state } = value;
    if (state === "completed") throw new ApiError("TRANSFER_ENDED", { message: isThere });
    const cancelled = patch(ref, { state: "cancelled" }, { version });
    return {
      writes: state === "open" ? [cancelled] : [],
      subject: environmentId,
      facts: { uploadId: id },
      reply: ok({ success: true, deleted: true, id }),
    };
  },
  after: async ({ caller: { owner }, data: { value }, deps }) => {
    await scheduleSweep(deps, owner);
    // Its sessions store nothing from now on. What was sent whole counts until it is swept.
    await closeUpload(owner, value.id, null);
  },
});
