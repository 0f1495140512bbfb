import * as z from "zod";
import { accountDeletionBody } from "#shared/answers/account-deletion-body";
import { AccountDeletionBody, AccountDeletionOrdered } from "#shared/contract/account-deletion";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import {
  cancelDeletion,
  orderDeletion,
  readForDeletion,
  receiptRandomBytes,
} from "#shared/deletion/account-deletion";
import { followAccount } from "#shared/owners/suspend-owner";
import { change, query } from "#shared/pipeline/route";
import { accountDeletions } from "#shared/store/account-deletions";
import { requireFound } from "#shared/store/read-document";

const ofUser = z.object({ userId: idSchema("owner") });
const operators = {
  authenticate: "operator",
  scope: "none",
  params: ofUser,
  query: noQuery,
} as const;
const bodyless = { body: "none", bodyBytesMax: 0 } as const;

export const deleteOwner = change({
  endpoint: "DELETE /v1/admin/users/:userId",
  summary: "Delete an account: its keys die at once; its data is erased after a time to cancel.",
  ...operators,
  ...bodyless,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "closing",
  audit: "account.deleted",
  refusals: ["CONFLICT"],
  reply: { 200: AccountDeletionOrdered },
  read: async ({ params: { userId }, deps }) => ({
    ...(await readForDeletion(deps.store, userId)),
    random: deps.random(receiptRandomBytes),
  }),
  actsOn: ({ owner }) => owner,
  decide({ caller, data: { random, ...basis }, request, now }) {
    const by = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
    const { writes, receipt, deletion } = orderDeletion(basis, { by, random, now });
    const answer = (keysClosed: boolean) =>
      ok({
        success: true as const,
        userId: basis.owner.id,
        message: "The account is closed and will be erased. Give its owner the receipt.",
        receipt,
        keysClosed,
        deletion: accountDeletionBody(deletion),
      });
    const facts = { eraseAt: deletion.eraseAt };
    return { writes, subject: basis.owner.id, facts, reply: answer(false), answer };
  },
  answerAfter: async ({ data: { owner }, decided: { answer }, deps }) => {
    await followAccount(deps, owner.id);
    return answer(true);
  },
});

export const cancelOwnersDeletion = change({
  endpoint: "POST /v1/admin/users/:userId/deletion/cancel",
  summary: "Cancel an account's deletion before it erases anything; its keys are good again.",
  ...operators,
  ...bodyless,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  account: "closing",
  audit: "account.deletion_cancelled",
  refusals: ["CONFLICT"],
  reply: { 200: z.object({ deletion: AccountDeletionBody }) },
  read: async ({ params: { userId }, deps }) => {
    const { earlier, ...whole } = await readForDeletion(deps.store, userId);
    return { whole, deletion: requireFound(earlier) };
  },
  actsOn: ({ whole: { owner } }) => owner,
  decide({ caller, data: { whole, deletion }, request, now }) {
    const by = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
    const isDone = deletion.value.state === "cancelled";
    const finishedAt = isDone ? deletion.value.finishedAt : now;
    const body = { ...deletion.value, state: "cancelled", finishedAt } as const;
    return {
      writes: isDone ? [] : cancelDeletion(whole, deletion, { by, now }),
      subject: whole.owner.id,
      reply: ok({ deletion: accountDeletionBody(body) }),
    };
  },
  promisesAfter: true,
  after: async ({ data: { whole }, deps }) => {
    await followAccount(deps, whole.owner.id);
  },
});

export const getOwnersDeletion = query({
  endpoint: "GET /v1/admin/users/:userId/deletion",
  summary: "How far an account's deletion is, and its certificate.",
  ...operators,
  ...bodyless,
  requestClass: "reads",
  reply: { 200: z.object({ deletion: AccountDeletionBody }) },
  read: async ({ params: { userId }, deps }) =>
    await deps.store.require(accountDeletions.doc(userId)),
  answer: ({ data: { value } }) => ok({ deletion: accountDeletionBody(value) }),
});
