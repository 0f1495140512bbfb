import * as z from "zod";
import { ok } from "#shared/contract/common";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { readUploadOf, uploadParams } from "./read-transfer.ts";
import { UploadBody, uploadBody } from "./transfer-bodies.ts";

export const getUpload = query({
  endpoint: "GET /v1/environments/:environmentId/uploads/:uploadId",
  summary: "One upload of a large file, and whether it is open.",
  ...ownedRead("files:read"),
  params: uploadParams,
  reply: { 200: z.object({ upload: UploadBody }) },
  read: async ({ caller: { owner }, params, deps }) =>
    await readUploadOf(deps.store, owner, params),
  answer: ({ data: { value }, now }) => ok({ upload: uploadBody(value, now) }),
});
