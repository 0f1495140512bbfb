import * as z from "zod";
import { accountDeletionBody } from "#shared/answers/account-deletion-body";
import { AccountDeletionBody } from "#shared/contract/account-deletion";
import { ok } from "#shared/contract/common";
import {
  cancelDeletion,
  deletionOfReceipt,
  requireCancellable,
} from "#shared/deletion/account-deletion";
import { deletedOwner } from "#shared/owners/act-on-owner";
import { followAccount, wholeOwner } from "#shared/owners/suspend-owner";
import { publicRead } from "#shared/pipeline/public-read";
import { action, type ReadDeps } from "#shared/pipeline/route";
import { auditEntry } from "#shared/store/audit-rows";
import { ofReceipt } from "./of-receipt.ts";

/**
 * The keys are dead, so the receipt is what proves the right to cancel. It is an action, because a
 * change has a caller for its audit row; here, that is the key or operator that has the receipt.
 */
export const cancelAccountDeletion = action({
  endpoint: "POST /v1/account/deletion/cancel",
  summary: "Cancel a deletion before it erases anything; the account's keys are good again.",
  ...publicRead,
  ...ofReceipt,
  repeating: "harmless",
  beforeConfirmed: "nothing",
  refusals: ["NOT_FOUND", "CONFLICT"],
  reply: { 200: z.object({ deletion: AccountDeletionBody }) },
  read: async ({ body: { receipt }, deps }) => await readCancellable(deps, receipt),
  perform: async ({ body: { receipt }, data, deps, request, now }) => {
    let found = data;
    const { owner } = data;
    const { actor } = data.deletion.value;
    const by = { actor, requestId: request.id };
    const id = deps.newId("auditRow");
    const row = auditEntry(owner, {
      id,
      at: now,
      ...by,
      action: "account.deletion_cancelled",
      subject: owner.id,
      facts: { by: "receipt" },
      sealedDetails: null,
    });
    await deps.commits.submit({
      owner,
      needsAccount: false,
      closes: true,
      refresh: async () => {
        found = await readCancellable(deps, receipt);
      },
      decide: () => {
        const { whole, deletion } = found;
        if (whole === null) return { writes: [] };
        return { writes: [...cancelDeletion(whole, deletion, { by, now }), row] };
      },
    });
    await followAccount(deps, owner.id);
    const finishedAt = found.deletion.value.finishedAt ?? now;
    const body = { ...found.deletion.value, state: "cancelled", finishedAt } as const;
    return ok({ deletion: accountDeletionBody(body) });
  },
});

/** Without an account, it was cancelled before, and the answer may have been lost. */
async function readCancellable({ store }: Pick<ReadDeps, "store">, receipt: string) {
  const deletion = await deletionOfReceipt(store, receipt);
  const owner = deletedOwner(deletion.value);
  if (deletion.value.state === "cancelled") return { deletion, owner, whole: null };
  // The profile is erased first, and a deletion that is over isn't one that never was.
  requireCancellable(deletion.value);
  return { deletion, owner, whole: await wholeOwner(store, owner.id) };
}
