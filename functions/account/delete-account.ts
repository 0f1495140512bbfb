import { accountDeletionBody } from "#shared/answers/account-deletion-body";
import { AccountDeletionOrdered } from "#shared/contract/account-deletion";
import { noParams, noQuery, ok } from "#shared/contract/common";
import {
  orderDeletion,
  readForDeletion,
  receiptRandomBytes,
} from "#shared/deletion/account-deletion";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { followAccount } from "#shared/owners/suspend-owner";
import { change } from "#shared/pipeline/route";

export const deleteAccount = change({
  endpoint: "DELETE /v1/account",
  summary: "Delete the account: its keys die at once; its data is erased after a time to cancel.",
  authenticate: "api-key",
  scope: "account:delete",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "closings",
  beforeConfirmed: "reads",
  account: "closing",
  audit: "account.deleted",
  refusals: ["CONFLICT"],
  reply: { 200: AccountDeletionOrdered },
  read: async ({ caller: { owner }, deps }) => {
    requireAllEnvironments(owner, "A deletion concerns the whole account.");
    return {
      random: deps.random(receiptRandomBytes),
      basis: await readForDeletion(deps.store, owner.id),
    };
  },
  decide({ caller, data: { random, basis }, request, now }) {
    const by = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
    const { writes, receipt, deletion } = orderDeletion(basis, { by, random, now });
    const answer = (keysClosed: boolean) =>
      ok({
        success: true as const,
        userId: caller.owner.id,
        message:
          "The account is closed and will be erased. Keep the receipt: it cancels and proves.",
        receipt,
        keysClosed,
        deletion: accountDeletionBody(deletion),
      });
    return {
      writes,
      subject: caller.owner.id,
      facts: { eraseAt: deletion.eraseAt },
      // Sent if closing the keys fails, because the receipt must not be lost. Maintenance goes on.
      reply: answer(false),
      answer,
    };
  },
  answerAfter: async ({ caller: { owner }, decided: { answer }, deps }) => {
    await followAccount(deps, owner.id);
    return answer(true);
  },
});
