import type { IncomingMessage } from "node:http";
import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import type { ManifestFile } from "#shared/core/workspace/manifest";
import { entryAt } from "#shared/core/workspace/tree-order";
import { ApiError } from "#shared/errors/api-error";
import { transferredBytes } from "#shared/google/transfer-objects";
import type { Owner } from "#shared/identity/owner";
import { change } from "#shared/pipeline/route";
import type { StoringDeps } from "#shared/quotas/store-object";
import { patch } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import type { FoundDocument } from "#shared/store/read-document";
import type { Store } from "#shared/store/store";
import { hasTransferEnded, type Transfer, type transfers } from "#shared/store/transfers";
import { storageUsageId, storageUsages } from "#shared/store/usage";
import { isConflict, withDeadline } from "#shared/store/with-deadline";
import { readFilesOf } from "#shared/workspace/manifests";
import { countReading } from "./count-reading.ts";
import { requireCurrent } from "./file-etag.ts";
import { packTransfer } from "./pack-transfer.ts";
import { placedWrites, placeFile } from "./place-file.ts";
import { readUploadOf, uploadParams } from "./read-transfer.ts";

export const completeUpload = change({
  endpoint: "POST /v1/environments/:environmentId/uploads/:uploadId/complete",
  summary: "Put an uploaded file into the workspace, once size and hash are right.",
  authenticate: "api-key",
  scope: "files:write",
  params: uploadParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "nothing",
  account: "none",
  audit: "file.uploaded",
  preconditions: "honoured",
  refusals: [
    "INVALID_PATH",
    "QUOTA_REACHED",
    "TRANSFER_ENDED",
    "UPLOAD_INCOMPLETE",
    "UPLOAD_MISMATCH",
    "WORKSPACE_FULL",
  ],
  reply: {
    200: z.object({
      success: z.literal(true),
      environmentId: z.string(),
      filename: z.string(),
      path: z.string(),
      size: z.int(),
      sha256: z.string(),
    }),
  },
  read: async ({ caller: { owner }, params, request, deps, now, signal }) => {
    const upload = await readUploadOf(deps.store, owner, params);
    const environment = await deps.store.require(environments.of(owner, params.environmentId));
    // One that was completed before is answered again, for a client that lost the answer.
    if (upload.value.state === "completed") return { upload, environment };
    if (hasTransferEnded(upload.value, now)) throw new ApiError("TRANSFER_ENDED");
    const { manifest } = await readFilesOf(owner, environment.value, signal);
    requireCurrent(request, entryAt(manifest.entries, upload.value.path));
    return { upload, environment };
  },
  prepare: async ({ caller: { owner }, data, raw, deps, now, signal }) => {
    const { environment } = data;
    if (data.upload.value.state === "completed") return { ...data, file: null, placed: null };
    await requireSent(owner, data.upload.value);
    const upload = await countReading(deps.store, data.upload, { request: raw, now });
    if (upload.value.state === "completed") return { ...data, upload, file: null, placed: null };
    const file = await uploadedFile(deps, owner, { upload: upload.value, raw, now, signal });
    if (file === null) {
      await endUpload(deps.store, upload);
      throw new ApiError("UPLOAD_MISMATCH");
    }
    const at = { environment: environment.value, file, signal };
    return { environment, upload, file, placed: await placeFile(deps, owner, at) };
  },
  decide({ caller: { owner }, params: { environmentId }, data, ids, now }) {
    const { upload, environment, file, placed } = data;
    const { path, sizeBytes: size, sha256: known } = upload.value;
    const sha256 = file?.sha256 ?? known ?? "";
    const filename = path.split("/").at(-1) ?? path;
    const reply = ok({ success: true as const, environmentId, filename, path, size, sha256 });
    if (placed === null) return { writes: [], subject: environmentId, reply };
    const title = `Uploaded ${path}`;
    const origin = { id: ids.next("snapshot"), title, source: "upload", now } as const;
    const completed = { state: "completed", completedAt: now, sha256 } as const;
    return {
      writes: [
        ...placedWrites(owner, environment, { placed, origin }),
        // If two complete it at once, one finds it changed, reads again, and finds it completed.
        patch(upload.ref, completed, { version: upload.version }),
        // Its object isn't needed any more; the next sweep deletes it and stops counting it.
        patch(storageUsages.of(owner, storageUsageId), { sweepAt: now }, { mustExist: true }),
      ],
      subject: environmentId,
      facts: {
        sizeBytes: size,
        manifestSha256: placed.head.manifestSha256,
        uploadId: upload.value.id,
      },
      reply,
    };
  },
});

/**
 * Ends an upload whose bytes aren't what was announced. They can't change, and its client would
 * otherwise have gigabytes read again by each further request. One that was changed meanwhile has
 * been ended by another request.
 */
async function endUpload(
  store: Pick<Store, "commit">,
  { ref, version }: FoundDocument<typeof transfers.schema>,
): Promise<void> {
  await withDeadline(store.commit([patch(ref, { state: "cancelled" }, { version })])).catch(
    (error: unknown) => {
      if (!isConflict(error)) throw error;
    },
  );
}

/**
 * Cloud Storage was told the size, and stores no object of another.
 * @throws {ApiError} `UPLOAD_INCOMPLETE`.
 */
async function requireSent(owner: Owner, { id, sizeBytes }: Transfer): Promise<void> {
  if ((await transferredBytes(owner, id)) !== sizeBytes) throw new ApiError("UPLOAD_INCOMPLETE");
}

/** Null if it hasn't the hash that was announced. @throws {ApiError} `QUOTA_REACHED`. */
async function uploadedFile(
  deps: StoringDeps,
  owner: Owner,
  from: {
    readonly upload: Transfer;
    readonly raw: IncomingMessage;
    readonly now: number;
    readonly signal: AbortSignal;
  },
): Promise<ManifestFile | null> {
  const { upload, raw: request, now, signal } = from;
  const { path, sizeBytes } = upload;
  const { parts, sha256 } = await packTransfer(deps, owner, { transfer: upload, request, signal });
  if (upload.sha256 !== null && upload.sha256 !== sha256) return null;
  return { path, type: "file", sha256, sizeBytes, mode: 0o644, modifiedAt: now, parts };
}
