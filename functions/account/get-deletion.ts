import * as z from "zod";
import { accountDeletionBody } from "#shared/answers/account-deletion-body";
import { AccountDeletionBody } from "#shared/contract/account-deletion";
import { ok } from "#shared/contract/common";
import { deletionOfReceipt, receiptForm } from "#shared/deletion/account-deletion";
import { publicRead } from "#shared/pipeline/public-read";
import { query } from "#shared/pipeline/route";

export const getDeletion = query({
  endpoint: "GET /v1/account/deletions/:receipt",
  summary: "How far a deletion is, and its certificate, for the holder of its receipt.",
  ...publicRead,
  params: z.object({ receipt: z.string().regex(receiptForm) }),
  reply: { 200: z.object({ deletion: AccountDeletionBody }) },
  read: async ({ params: { receipt }, deps }) => await deletionOfReceipt(deps.store, receipt),
  answer: ({ data: { value } }) => ok({ deletion: accountDeletionBody(value) }),
});
