import * as z from "zod";
import { exactObject } from "#shared/contract/exact";
import { receiptForm } from "#shared/deletion/account-deletion";

/** How a receipt is sent: in the body, because URLs are logged and it opens what it names. */
export const ofReceipt = {
  body: exactObject({
    receipt: z.string().regex(receiptForm, "must be the receipt that the deletion's answer named"),
  }),
  bodyBytesMax: 1_024,
} as const;
