import type * as z from "zod";
import type { Deleted } from "../contract/deleted.ts";
import type { Owner } from "../identity/owner.ts";
import type { Deletion } from "../store/deletions.ts";
import { deletionDeadlineMs } from "./finish-deletion.ts";

/** The order to erase what is stored of something, for the commit that deletes it. */
export function newDeletion(
  caller: { readonly type: "key"; readonly id: string; readonly owner: Owner },
  which: Pick<Deletion, "kind" | "id" | "requestId"> & {
    readonly executionId?: string;
    readonly now: number;
  },
): Deletion {
  const { kind, id, executionId = null, requestId, now } = which;
  const actor = { type: caller.type, id: caller.id };
  const ownerId = caller.owner.id;
  const dueAt = now + deletionDeadlineMs;
  return { v: 1, kind, id, ownerId, executionId, requestId, actor, dueAt };
}

/** Says "for good" only if nothing is stored any more. */
export function deletedBody(
  id: string,
  { isErased }: { readonly isErased: boolean },
): z.input<typeof Deleted> {
  const message = isErased
    ? "It is deleted for good, except from backups, which are kept for 8 weeks at most, and from an " +
      "archive of the account that was made before, which is kept for a week."
    : "It is deleted: nobody can read it any more. What is stored of it is erased within minutes, " +
      "or later if an incident needs it as evidence.";
  return { success: true, deleted: true, id, erased: isErased, message };
}
