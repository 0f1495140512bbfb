import * as z from "zod";
import { KeyClose } from "#shared/contract/api-key";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { executionsOf } from "#shared/keys/revoke-keys";
import { followAccount, suspend, wholeOwner } from "#shared/owners/suspend-owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { OwnerBody, ownerBody } from "./owner-body.ts";

export const suspendOwner = change({
  endpoint: "POST /v1/admin/users/:userId/suspend",
  summary: "Shut an account: from this answer on none of its keys is accepted, and nothing runs.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: noQuery,
  body: KeyClose,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  account: "closing",
  audit: "owner.suspended",
  reply: {
    200: OwnerBody.extend({
      executionIds: z.array(z.string()),
      executionsStopped: z.boolean(),
    }),
  },
  read: async ({ params, deps }) => await wholeOwner(deps.store, params.userId),
  actsOn: ({ owner }) => owner,
  decide({ caller, body, data, request, now }) {
    const { owner, profile, account } = data;
    const stop = !body.keepExecutions;
    const by = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
    const answer = (executionIds: readonly string[]) =>
      ok({
        ...ownerBody({ ...profile, state: "suspended" }),
        executionIds: [...executionIds],
        executionsStopped: stop,
      });
    const executionIds = executionsOf(account, null);
    return {
      writes: suspend(data, { reason: "operator", stop, by, now }),
      subject: owner.id,
      facts: { executions: executionIds.length, executionsStopped: stop },
      reply: answer(executionIds),
      answer,
    };
  },
  // The keys aren't in the commit: until they have followed, they are accepted.
  promisesAfter: true,
  answerAfter: async ({ data: { owner }, decided, deps }) =>
    decided.answer(await followAccount(deps, owner.id)),
});
