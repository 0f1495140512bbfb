import { createHash } from "node:crypto";
import * as z from "zod";
import { deploymentLimits } from "#shared/config";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { entryAt } from "#shared/core/workspace/tree-order";
import { ignoredOfForm, warningsHeader } from "#shared/pipeline/ignored-fields";
import { change } from "#shared/pipeline/route";
import { packBytesMax } from "#shared/protocol/runner";
import { storeObject } from "#shared/quotas/store-object";
import { environments } from "#shared/store/environments";
import { readFilesOf } from "#shared/workspace/manifests";
import { requireCurrent } from "./file-etag.ts";
import { placedWrites, placeFile } from "./place-file.ts";
import { readUpload } from "./read-upload.ts";
import { uploadPath } from "./upload-path.ts";

/** Room for the form around the file. */
const formBytesMax = 64 * 1024;

export const uploadFile = change({
  endpoint: "POST /v1/environments/:environmentId/files/upload",
  summary: "Upload a file to the workspace, replacing a file at the same path.",
  authenticate: "api-key",
  scope: "files:write",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: "raw",
  bodyBytesMax: packBytesMax + formBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "nothing",
  account: "none",
  audit: "file.uploaded",
  preconditions: "honoured",
  refusals: ["INVALID_PATH", "MALFORMED_MULTIPART", "QUOTA_REACHED", "WORKSPACE_FULL"],
  reply: {
    200: z.object({
      success: z.literal(true),
      environmentId: z.string(),
      filename: z.string(),
      path: z.string(),
      size: z.int(),
    }),
  },
  read: async ({ caller: { owner }, params, raw, request, deps, signal }) => {
    const ref = environments.of(owner, params.environmentId);
    const environment = await deps.store.require(ref);
    const upload = await readUpload(raw, deploymentLimits().waits.silentFormMsMax);
    const path = uploadPath(upload);
    const { manifest } = await readFilesOf(owner, environment.value, signal);
    requireCurrent(request, entryAt(manifest.entries, path));
    // The manifest is read again in its turn: what waits for one holds none in memory.
    return { environment, path, bytes: upload.bytes, ignored: upload.ignored };
  },
  prepare: async ({ caller: { owner }, data, deps, now, signal }) => {
    const { environment, path, bytes, ignored } = data;
    const pack = bytes.length > 0 ? await storeObject(deps, owner, { kind: "packs", bytes }) : null;
    const parts = pack ? [{ pack, offsetBytes: 0, sizeBytes: bytes.length }] : [];
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const size = { sha256, sizeBytes: bytes.length, mode: 0o644, modifiedAt: now };
    const file = { path, type: "file", ...size, parts } as const;
    const placed = await placeFile(deps, owner, { environment: environment.value, file, signal });
    return { environment, placed, path, sizeBytes: bytes.length, ignored };
  },
  decide({ caller: { owner }, params: { environmentId }, data, ids, now }) {
    const { environment, placed, path, sizeBytes, ignored } = data;
    const title = `Uploaded ${path}`;
    const origin = { id: ids.next("snapshot"), title, source: "upload", now } as const;
    const filename = path.split("/").at(-1) ?? path;
    const warning = ignoredOfForm(ignored);
    return {
      writes: placedWrites(owner, environment, { placed, origin }),
      subject: environmentId,
      facts: { sizeBytes, manifestSha256: placed.head.manifestSha256 },
      reply: {
        ...ok({ success: true, environmentId, filename, path, size: sizeBytes }),
        ...(warning === null ? {} : { headers: { [warningsHeader]: warning } }),
      },
    };
  },
});
