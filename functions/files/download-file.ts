import type { ServerResponse } from "node:http";
import * as z from "zod";
import { optionalFlag } from "#shared/contract/common";
import { attachment } from "#shared/core/attachment";
import { idSchema } from "#shared/core/ids";
import { entryAt } from "#shared/core/workspace/tree-order";
import { ApiError } from "#shared/errors/api-error";
import { writePaced } from "#shared/limits/paced-writing";
import { rangeAnswer, rangeHeaders } from "#shared/pipeline/range-answer";
import { action } from "#shared/pipeline/route";
import { countOpened } from "#shared/quotas/count-download";
import { environments } from "#shared/store/environments";
import { openFilePieces } from "#shared/workspace/file-pieces";
import { readFilesOf } from "#shared/workspace/manifests";
import { etagOf } from "./file-etag.ts";
import { requirePathInWorkspace } from "./upload-path.ts";

export const downloadFile = action({
  endpoint: "GET /v1/environments/:environmentId/files/*",
  summary:
    "Download a file or a range of it; conditional requests work. /files/download/… is the same.",
  authenticate: "api-key",
  scope: "files:read",
  params: z.object({ environmentId: idSchema("environment"), "*": z.string() }),
  // Clients of the public API ask for an attachment, which every download is.
  query: z.object({ download: optionalFlag }),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  preconditions: "honoured",
  refusals: ["INVALID_PATH", "RANGE_NOT_SATISFIABLE"],
  reply: { 200: "bytes", 206: "bytes", 304: "bytes" },
  beforeConfirmed: "nothing",
  read: async ({ caller: { owner }, params, request, deps, signal }) => {
    const { value } = await deps.store.require(environments.of(owner, params.environmentId));
    const { entries } = (await readFilesOf(owner, value, signal)).manifest;
    const path = params["*"].replace(/^\/+/, "");
    const entry =
      entryAt(entries, requirePathInWorkspace(path)) ??
      entryAt(entries, requirePathInWorkspace(path.replace(/^download\//, "")));
    if (entry?.type !== "file")
      throw new ApiError("NOT_FOUND", { message: "There is no such file." });
    const tagged = { sizeBytes: entry.sizeBytes, etag: etagOf(entry) };
    return { file: entry, tagged, answer: rangeAnswer(tagged, request) };
  },
  // The bytes are counted before the first of them is sent.
  perform: async ({ caller: { owner }, data, request, deps, now, signal }) => {
    const { file, tagged, answer } = data;
    const { status, range } = answer;
    const isSent = request.method === "GET" && status !== 304;
    const open = async () => await openFilePieces(owner, file, range);
    const counted = { sizeBytes: range.sizeBytes, now, open };
    const pieces = isSent ? await countOpened(deps.store, owner, counted) : [];
    const name = file.path.split("/").at(-1) ?? file.path;
    const content = {
      "content-type": "application/octet-stream",
      "content-disposition": attachment(name),
    };
    const headers = rangeHeaders(answer, tagged, { method: request.method, content });
    const stream = async (response: ServerResponse) => await writePaced(response, pieces, signal);
    return { status, headers, stream };
  },
});
