import type * as z from "zod";
import type { AccountDeletionBody } from "../contract/account-deletion.ts";
import { iso, isoOrNull } from "../contract/common.ts";
import type { AccountDeletion } from "../store/account-deletions.ts";

/** The deletion of an account as the API shows it, to operators and to who has its receipt. */
export function accountDeletionBody(
  deletion: AccountDeletion,
): z.input<typeof AccountDeletionBody> {
  const { ownerId, state, requestedAt, eraseAt, finishedAt, certificate, certificateKey } =
    deletion;
  return {
    userId: ownerId,
    state,
    requestedAt: iso(requestedAt),
    cancellableUntil: iso(eraseAt),
    finishedAt: isoOrNull(finishedAt),
    certificate,
    certificateKey,
  };
}
