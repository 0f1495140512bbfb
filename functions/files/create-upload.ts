import * as z from "zod";
import { created, noQuery } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { largestFileBytes } from "#shared/core/executions/profiles";
import { idSchema } from "#shared/core/ids";
import { expiryOf } from "#shared/core/retention/expiry";
import { dayMs } from "#shared/core/retention/periods";
import { entryAt } from "#shared/core/workspace/tree-order";
import { signUpload } from "#shared/google/transfer-objects";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { releaseTransfer } from "#shared/quotas/reserve-transfer";
import { patch } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import type { Transfer } from "#shared/store/transfers";
import { readFilesOf } from "#shared/workspace/manifests";
import { requireCurrent } from "./file-etag.ts";
import { requireFewBegun, requireFewOpen } from "./open-transfers.ts";
import { requirePlace } from "./place-file.ts";
import { reservedBy, reserveOnce } from "./reserve-once.ts";
import {
  chunkUnitBytes,
  SignedRequestBody,
  signedBody,
  UploadBody,
  uploadBody,
} from "./transfer-bodies.ts";
import { requirePathInWorkspace, withoutSlashes } from "./upload-path.ts";

/** How long the signed request may be sent; what it begins lasts until the upload expires. */
const signedMs = 15 * 60_000;

const UploadCreate = exactObject({
  path: z.string().min(1).max(4_096),
  size: z.int().min(1).max(largestFileBytes),
  /** The SHA-256 of the file, which is then checked. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be a SHA-256: 64 digits of 0-9 and a-f")
    .optional(),
});

export const createUpload = change({
  endpoint: "POST /v1/environments/:environmentId/uploads",
  summary:
    "Begin the upload of a file of any size: the answer has the signed request of a resumable one.",
  authenticate: "api-key",
  scope: "files:write",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: UploadCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "nothing",
  account: "none",
  audit: "upload.begun",
  preconditions: "honoured",
  refusals: ["INVALID_PATH", "QUOTA_REACHED", "WORKSPACE_FULL"],
  reply: {
    201: z.object({
      upload: UploadBody.extend({ request: SignedRequestBody, chunkUnitBytes: z.int() }),
    }),
  },
  read: async ({ caller: { owner }, params, body, request, deps, now, repeated, signal }) => {
    const { value } = await deps.store.require(environments.of(owner, params.environmentId));
    const path = requirePathInWorkspace(withoutSlashes(body.path));
    const { manifest } = await readFilesOf(owner, value, signal);
    requireCurrent(request, entryAt(manifest.entries, path));
    if (!repeated) {
      await requireFewOpen(deps.store, owner, { kind: "upload", now });
      await requireFewBegun(deps.store, owner, { sizeBytes: body.size, now });
    }
    const sha256 = body.sha256 ?? "0".repeat(64);
    const parts = [{ pack: sha256, offsetBytes: 0, sizeBytes: body.size }];
    const about = { sha256, sizeBytes: body.size, mode: 0o644, modifiedAt: now };
    const file = { path, type: "file", ...about, parts } as const;
    await requirePlace(owner, { environment: value, file, signal });
    return { path };
  },
  prepare: async ({ caller: { owner }, params, data: { path }, body, raw, deps, ids, now }) => {
    const { environmentId } = params;
    const id = ids.next("fileUpload");
    const expiresAt = now + signedMs;
    const signed = await signUpload(owner, { id, sizeBytes: body.size, expiresAt });
    const transfer: Transfer = {
      v: 1,
      id,
      kind: "upload",
      environmentId,
      path,
      sizeBytes: body.size,
      sha256: body.sha256 ?? null,
      state: "open",
      isCounted: true,
      createdAt: now,
      // Nobody has its address yet.
      endsAt: expiresAt,
      completedAt: null,
      readingCount: 0,
      expireAt: expiryOf("transfers", now),
    };
    const reserved = await reserveOnce(deps, owner, { raw, transfer });
    return { reserved, request: signedBody(signed, expiresAt) };
  },
  decide({ params: { environmentId }, data: { reserved, request }, now }) {
    const { ref, value, version } = reserved;
    const upload: Transfer = { ...value, endsAt: now + dayMs };
    return {
      writes: [patch(ref, { endsAt: upload.endsAt }, { version })],
      subject: environmentId,
      facts: { uploadId: upload.id, sizeBytes: upload.sizeBytes },
      reply: created({ upload: { ...uploadBody(upload, now), request, chunkUnitBytes } }),
    };
  },
  undo: async ({ caller: { owner }, raw, deps }) => {
    const reserved = await reservedBy(raw);
    if (reserved) await releaseTransfer(deps.store, owner, reserved);
  },
});
