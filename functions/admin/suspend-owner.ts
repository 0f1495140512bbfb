import * as z from "zod";
import { finishClosing } from "#shared/auth/close-keys";
import { suspend, wholeOwner } from "#shared/auth/shut-owner";
import { KeyClose } from "#shared/contract/api-key";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { OwnerBody, ownerBody } from "./owner-body.ts";

export const suspendOwner = route({
  answers: "POST /v1/admin/users/:userId/suspend",
  summary: "Shut an account: from this answer on none of its keys is accepted, and nothing runs.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: noQuery,
  body: KeyClose,
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "admission",
  audit: "owner.suspended",
  reply: {
    200: OwnerBody.extend({
      executionIds: z.array(z.string()),
      executionsStopped: z.boolean(),
    }),
  },
  read: async ({ params, deps }) => await wholeOwner(deps.store, params.userId),
  decide({ body, data, account, now }) {
    if (!account) throw new ApiError("NOT_FOUND");
    const { owner, profile, keys } = data;
    const stop = !body.keepExecutions;
    const shut = suspend(account, data, { stop, now });
    const { executionIds } = shut;
    const state = "suspended" as const;
    return {
      ...shut,
      owner,
      subject: owner.id,
      facts: { keys: keys.length, executions: executionIds.length, executionsStopped: stop },
      reply: ok({
        ...ownerBody({ ...profile.value, state }),
        executionIds,
        executionsStopped: stop,
      }),
      toStop: stop ? executionIds : [],
    };
  },
  after: async ({ caller, data: { owner, keys }, decided, request, deps }) => {
    const by = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
    const dueAgain = keys.map(({ ref, value }) => ({ ref, dueAt: value.expiresAt }));
    await finishClosing(deps, { owner, keys: dueAgain, executionIds: decided.toStop, by });
  },
});
