import type { ServerResponse } from "node:http";
import * as z from "zod";
import { archiveExpiresAt } from "#shared/answers/account-export-body";
import { derivedId, idSchema } from "#shared/core/ids";
import { hourMs } from "#shared/core/retention/periods";
import { ApiError } from "#shared/errors/api-error";
import type { ByteRange } from "#shared/google/byte-range";
import { readExport } from "#shared/google/export-objects";
import { openPieces, rangePieces } from "#shared/google/range-pieces";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { writePaced } from "#shared/limits/paced-writing";
import { ownedRead } from "#shared/pipeline/owned-route";
import { rangeAnswer, rangeHeaders, type Tagged } from "#shared/pipeline/range-answer";
import { type AnyContext, action, type Callers, type Deps } from "#shared/pipeline/route";
import { countOpened } from "#shared/quotas/count-download";
import { sealAuditDetails } from "#shared/secrets/audit-details";
import { accountExportId, accountExports } from "#shared/store/account-exports";
import { auditEntry, auditRows } from "#shared/store/audit-rows";
import { toReadEverything } from "./export-scopes.ts";

/** An action, because the row of the download is written without a change, and before any bytes. */
export const downloadArchive = action({
  endpoint: "GET /v1/account/export/:exportId/archive",
  summary: "Download the archive of an export, or a range of it.",
  ...ownedRead("account:read"),
  needsToo: toReadEverything,
  params: z.object({ exportId: idSchema("accountExport") }),
  preconditions: "honoured",
  refusals: ["CONFLICT", "RANGE_NOT_SATISFIABLE"],
  reply: { 200: "bytes", 206: "bytes", 304: "bytes" },
  beforeConfirmed: "nothing",
  read: async ({ caller: { owner }, params: { exportId }, now, deps }) => {
    requireAllEnvironments(owner, "An export has all of them.");
    const { value } = await deps.store.require(accountExports.of(owner, accountExportId));
    const { id, attempt, sizeBytes, sha256 } = value;
    if (id !== exportId) throw new ApiError("NOT_FOUND");
    const expiresAt = archiveExpiresAt(value);
    if (expiresAt === null || sizeBytes === null) {
      throw new ApiError("CONFLICT", {
        message: "There is no archive of it yet.",
        details: { id },
      });
    }
    if (now >= expiresAt) {
      throw new ApiError("NOT_FOUND", { message: "The archive has expired; ask for another one." });
    }
    return { exportId, attempt, sizeBytes, etag: `"${sha256}"` };
  },
  perform: async ({ caller, data, request, now, deps, signal }) => {
    const { status, range, headers } = archiveAnswer(data, request);
    const isSent = request.method === "GET" && status !== 304;
    const read = async (piece: ByteRange) => await readExport(caller.owner, data, piece);
    const open = async () => await openPieces(rangePieces(range, read));
    if (isSent) await recordDownload(deps, { caller, exportId: data.exportId, request, now });
    const counted = { sizeBytes: range.sizeBytes, now, open };
    const pieces = isSent ? await countOpened(deps.store, caller.owner, counted) : [];
    const stream = async (response: ServerResponse) => await writePaced(response, pieces, signal);
    return { status, headers, stream };
  },
});

/** @throws {ApiError} `PRECONDITION_FAILED`, `RANGE_NOT_SATISFIABLE`. */
export function archiveAnswer(
  archive: Tagged & { readonly exportId: string },
  request: Pick<AnyContext["request"], "method" | "preconditions">,
) {
  const answer = rangeAnswer(archive, request);
  const content = {
    "content-type": "application/zip",
    "content-disposition": `attachment; filename="paddock-${archive.exportId}.zip"`,
  };
  return { ...answer, headers: rangeHeaders(answer, archive, { ...request, content }) };
}

interface Download extends Pick<AnyContext, "request" | "now"> {
  readonly caller: Callers["api-key"];
  readonly exportId: string;
}

/**
 * Commits a row of the download before any byte is sent: one for each key, export and hour, since
 * an archive may be fetched in a hundred ranges.
 * @throws {ApiError} `UNAVAILABLE`; then nothing may be sent.
 */
async function recordDownload(deps: Deps, { caller, exportId, request, now }: Download) {
  const { owner, key, id: keyId } = caller;
  const hour = String(Math.floor(now / hourMs));
  const id = derivedId("auditRow", owner.id, "download", exportId, keyId, hour);
  const { path } = auditRows.of(owner, id);
  let isRecorded = await deps.store.exists(path);
  if (isRecorded) return;
  const { address, userAgent } = request;
  const place = { ownerId: owner.id, rowId: id, publicKey: key.auditPublicKey };
  const row = auditEntry(owner, {
    id,
    at: now,
    actor: { type: "key", id: keyId },
    action: "account.export_downloaded",
    subject: exportId,
    requestId: request.id,
    facts: {},
    sealedDetails: await sealAuditDetails(place, { address, userAgent }),
  });
  await deps.commits.submit({
    owner,
    needsAccount: false,
    // Another range of the archive may have been faster.
    refresh: async () => {
      isRecorded = await deps.store.exists(path);
    },
    decide: () => ({ writes: isRecorded ? [] : [row] }),
  });
}
