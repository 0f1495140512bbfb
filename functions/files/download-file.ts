import type { ServerResponse } from "node:http";
import * as z from "zod";
import { noQuery } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { entryAt } from "#shared/core/tree-order";
import { ApiError } from "#shared/errors/api-error";
<<<<<<< HEAD
import type { ByteRange } from "#shared/google/objects";
import { writePaced } from "#shared/limits/paced-writing";
import { route } from "#shared/pipeline/route";
import { packBytesMax } from "#shared/protocol/runner";
import { countDownload } from "#shared/quotas/count-download";
import { environments } from "#shared/store/environments";
import { openFilePieces } from "#shared/workspace/file-pieces";
import { readFilesOf } from "#shared/workspace/manifests";
=======
import { route } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";
import { readFileBytes, readFilesOf } from "#shared/workspace/manifests";
import { answerFor } from "./download-answer.ts";
import { etagOf } from "./file-etag.ts";
>>>>>>> main
import { confined } from "./landing-path.ts";

export const downloadFile = route({
  answers: "GET /v1/environments/:environmentId/files/*",
  summary: "A file's bytes, or a range of them, also by conditions; /files/download/… is the same.",
  authenticate: "api-key",
  scope: "files:read",
  params: z.object({ environmentId: idSchema("environment"), "*": z.string() }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
<<<<<<< HEAD
  reply: { 200: "bytes", 206: "bytes" },
  read: async ({ caller: { owner }, params, request, deps, now }) => {
=======
  preconditions: "honoured",
  reply: { 200: "bytes", 206: "bytes", 304: "bytes" },
  read: async ({ caller: { owner }, params, request, deps }) => {
>>>>>>> main
    const { value } = await deps.store.require(environments.of(owner, params.environmentId));
    const { entries } = (await readFilesOf(owner, value)).manifest;
    const path = params["*"].replace(/^\/+/, "");
    const entry =
      entryAt(entries, confined(path)) ??
      entryAt(entries, confined(path.replace(/^download\//, "")));
    if (entry?.type !== "file")
      throw new ApiError("NOT_FOUND", { message: "There is no such file." });
<<<<<<< HEAD
    const range = rangeOf(entry, request.range);
    await countDownload(deps.store, owner, { sizeBytes: range.sizeBytes, now });
    return { file: entry, range, pieces: await openFilePieces(owner, entry, range) };
  },
  decide({ data, request, signal }) {
    const { file, range, pieces } = data;
=======
    const answer = answerFor(entry, request);
    const isSent = request.method === "GET" && answer.status !== 304;
    const bytes = isSent ? await readFileBytes(owner, entry, answer.range) : Buffer.alloc(0);
    return { file: entry, answer, bytes };
  },
  decide({ data: { file, answer, bytes } }) {
    const { status, range } = answer;
>>>>>>> main
    const name = file.path.split("/").at(-1) ?? file.path;
    const last = range.offsetBytes + range.sizeBytes - 1;
    const validators = { "accept-ranges": "bytes", etag: etagOf(file) };
    const content = {
      "content-type": "application/octet-stream",
      "content-length": String(range.sizeBytes),
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    };
<<<<<<< HEAD
    const status = request.range ? 206 : 200;
    const stream = async (response: ServerResponse) => await writePaced(response, pieces, signal);
=======
    const part = { "content-range": `bytes ${range.offsetBytes}-${last}/${file.sizeBytes}` };
    const headers = {
      ...validators,
      ...(status === 304 ? {} : content),
      ...(status === 206 ? part : {}),
    };
    const stream = async (response: { write(bytes: Buffer): boolean }) => {
      if (bytes.length > 0) response.write(bytes);
    };
>>>>>>> main
    return { writes: [], reply: { status, headers, stream } };
  },
});
