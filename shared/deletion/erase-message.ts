import { placeOf } from "../core/retention/retention-places.ts";
import type { Deletion } from "../store/deletions.ts";
import { eventBatches, executions } from "../store/executions.ts";
import { type Eraser, eraseCollection } from "./erase-documents.ts";

/**
 * Erases the events of a deleted message's execution, which repeat the message. Its egress log
 * stays: it says what was reached, and quotes nobody.
 */
export async function eraseExecutionLog(
  eraser: Eraser,
  { executionId }: Deletion,
): Promise<boolean> {
  if (executionId === null) return true;
  const { path: outerPath } = executions.of(eraser.owner, executionId);
  return await eraseCollection(eraser, placeOf(eventBatches.pattern), { outerPath });
}
