import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { readForDeletion, requireNoDeletion } from "#shared/deletion/account-deletion";
import { ApiError } from "#shared/errors/api-error";
import { followAccount, otherReasons, resume } from "#shared/owners/suspend-owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { OwnerBody, ownerBody } from "./owner-body.ts";

export const resumeOwner = change({
  endpoint: "POST /v1/admin/users/:userId/resume",
  summary: "Open an account that was suspended: its keys are good again as they were.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  account: "closing",
  audit: "owner.resumed",
  refusals: ["CONFLICT"],
  reply: { 200: OwnerBody },
  read: async ({ params, deps }) => await readForDeletion(deps.store, params.userId),
  actsOn: ({ owner }) => owner,
  decide({ caller, data, request, now }) {
    requireNoDeletion(data.earlier);
    const { owner, profile, account } = data;
    const others = otherReasons(account, "operator");
    if (others.length > 0) {
      const message = "An incident holds the account: release its containment first.";
      throw new ApiError("CONFLICT", { message, details: { containments: others } });
    }
    const by = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
    return {
      writes: resume(data, { reason: "operator", by, now }),
      subject: owner.id,
      reply: ok(ownerBody({ ...profile, state: "active" })),
    };
  },
  promisesAfter: true,
  after: async ({ data: { owner }, deps }) => {
    await followAccount(deps, owner.id);
  },
});
