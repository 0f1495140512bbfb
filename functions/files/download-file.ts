import type { ServerResponse } from "node:http";
import * as z from "zod";
import { noQuery } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import type { ManifestFile } from "#shared/core/manifest";
import { entryAt } from "#shared/core/tree-order";
import { ApiError } from "#shared/errors/api-error";
import type { ByteRange } from "#shared/google/objects";
import { writePaced } from "#shared/limits/paced-writing";
import { route } from "#shared/pipeline/route";
import { packBytesMax } from "#shared/protocol/runner";
import { countDownload } from "#shared/quotas/count-download";
import { environments } from "#shared/store/environments";
import { openFilePieces } from "#shared/workspace/file-pieces";
import { readFilesOf } from "#shared/workspace/manifests";
import { confined } from "./landing-path.ts";

/** One answer's bytes: larger files are read in ranges. */
const answerBytesMax = packBytesMax;
const singleRange = /^bytes=(?:([0-9]{1,15})-([0-9]{1,15})?|-([0-9]{1,15}))$/;

export const downloadFile = route({
  answers: "GET /v1/environments/:environmentId/files/*",
  summary: "A file's bytes, or a range of them; /files/download/… is the same.",
  authenticate: "api-key",
  scope: "files:read",
  params: z.object({ environmentId: idSchema("environment"), "*": z.string() }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: "bytes", 206: "bytes" },
  read: async ({ caller: { owner }, params, request, deps, now }) => {
    const { value } = await deps.store.require(environments.of(owner, params.environmentId));
    const { entries } = (await readFilesOf(owner, value)).manifest;
    const path = params["*"].replace(/^\/+/, "");
    const entry =
      entryAt(entries, confined(path)) ??
      entryAt(entries, confined(path.replace(/^download\//, "")));
    if (entry?.type !== "file")
      throw new ApiError("NOT_FOUND", { message: "There is no such file." });
    const range = rangeOf(entry, request.range);
    await countDownload(deps.store, owner, { sizeBytes: range.sizeBytes, now });
    return { file: entry, range, pieces: await openFilePieces(owner, entry, range) };
  },
  decide({ data, request, signal }) {
    const { file, range, pieces } = data;
    const name = file.path.split("/").at(-1) ?? file.path;
    const last = range.offsetBytes + range.sizeBytes - 1;
    const headers = {
      "content-type": "application/octet-stream",
      "content-length": String(range.sizeBytes),
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      "accept-ranges": "bytes",
      etag: `"${file.sha256}"`,
      ...(request.range
        ? { "content-range": `bytes ${range.offsetBytes}-${last}/${file.sizeBytes}` }
        : {}),
    };
    const status = request.range ? 206 : 200;
    const stream = async (response: ServerResponse) => await writePaced(response, pieces, signal);
    return { writes: [], reply: { status, headers, stream } };
  },
});

/** What the client asked for. @throws {ApiError} `RANGE_NOT_SATISFIABLE`, `RANGE_REQUIRED`. */
function rangeOf({ sizeBytes }: ManifestFile, header: string | null): ByteRange {
  if (header === null) {
    if (sizeBytes > answerBytesMax) throw new ApiError("RANGE_REQUIRED");
    return { offsetBytes: 0, sizeBytes };
  }
  const [whole, from, to, suffix] = singleRange.exec(header) ?? [];
  const first = suffix === undefined ? Number(from) : Math.max(0, sizeBytes - Number(suffix));
  const last = Math.min(
    to === undefined ? sizeBytes - 1 : Number(to),
    first + answerBytesMax - 1,
    sizeBytes - 1,
  );
  if (whole === undefined || first > last) {
    const headers = { "content-range": `bytes */${sizeBytes}` };
    throw new ApiError("RANGE_NOT_SATISFIABLE", { headers });
  }
  return { offsetBytes: first, sizeBytes: last - first + 1 };
}
