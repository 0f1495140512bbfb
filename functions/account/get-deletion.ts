import * as z from "zod";
import { accountDeletionBody } from "#shared/answers/account-deletion-body";
import { AccountDeletionBody } from "#shared/contract/account-deletion";
import { ok } from "#shared/contract/common";
import { deletionOfReceipt } from "#shared/deletion/account-deletion";
import { publicRead } from "#shared/pipeline/public-read";
import { query } from "#shared/pipeline/route";
import { ofReceipt } from "./of-receipt.ts";

export const getDeletion = query({
  endpoint: "POST /v1/account/deletion",
  summary: "How far a deletion is, and its certificate, for the holder of its receipt.",
  ...publicRead,
  ...ofReceipt,
  refusals: ["NOT_FOUND"],
  reply: { 200: z.object({ deletion: AccountDeletionBody }) },
  read: async ({ body: { receipt }, deps }) => await deletionOfReceipt(deps.store, receipt),
  answer: ({ data: { value } }) => ok({ deletion: accountDeletionBody(value) }),
});
