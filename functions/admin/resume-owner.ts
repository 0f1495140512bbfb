import * as z from "zod";
import { resume, wholeOwner } from "#shared/auth/shut-owner";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { OwnerBody, ownerBody } from "./owner-body.ts";

export const resumeOwner = route({
  answers: "POST /v1/admin/users/:userId/resume",
  summary: "Open an account that was suspended: its keys are good again as they were.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "admission",
  audit: "owner.resumed",
  reply: { 200: OwnerBody },
  read: async ({ params, deps }) => await wholeOwner(deps.store, params.userId),
  decide({ data, account, now }) {
    if (!account) throw new ApiError("NOT_FOUND");
    const { owner, profile } = data;
    const reply = ok(ownerBody({ ...profile.value, state: "active" as const }));
    return { ...resume(account, data, now), owner, subject: owner.id, reply };
  },
});
