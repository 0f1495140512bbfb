import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { query } from "#shared/pipeline/route";
import { readUploadOf } from "./read-transfer.ts";
import { UploadBody, uploadBody } from "./transfer-bodies.ts";

export const getUpload = query({
  endpoint: "GET /v1/environments/:environmentId/uploads/:uploadId",
  summary: "One upload of a large file, and whether it is open.",
  authenticate: "api-key",
  scope: "files:read",
  params: z.object({
    environmentId: idSchema("environment"),
    uploadId: idSchema("fileUpload"),
  }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: z.object({ upload: UploadBody }) },
  read: async ({ caller: { owner }, params, deps }) =>
    await readUploadOf(deps.store, owner, params),
  answer: ({ data: { value }, now }) => ok({ upload: uploadBody(value, now) }),
});
