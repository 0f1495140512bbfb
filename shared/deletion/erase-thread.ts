import { placeOf } from "../core/retention/retention-places.ts";
import type { Deletion } from "../store/deletions.ts";
import { overwrite, remove } from "../store/documents.ts";
import { deletedExecutions, executions } from "../store/executions.ts";
import { threads } from "../store/threads.ts";
import { withDeadline } from "../store/with-deadline.ts";
import { type Eraser, eraseDependents } from "./erase-documents.ts";

/**
 * Erases a thread's messages, executions and all that goes with them. Its executions must have
 * ended. The ids of the executions are kept, so that none is used again.
 * @returns Whether nothing is left.
 */
export async function eraseThread(eraser: Eraser, { id }: Deletion, now: number): Promise<boolean> {
  const { owner, store } = eraser;
  const ref = threads.of(owner, id);
  const leave: Eraser["leave"] = ({ path }, executionId) =>
    path === executions.pattern
      ? [overwrite(deletedExecutions.of(owner, executionId), { v: 1, deletedAt: now })]
      : [];
  const place = placeOf(threads.pattern);
  if (!(await eraseDependents({ ...eraser, leave }, place, ref.path))) return false;
  // An instance of an earlier release may have written to it when its last execution ended.
  await withDeadline(store.commit([remove(ref, null), eraser.still]));
  return true;
}
