import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { executions } from "../store/executions.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { ReadStore } from "../store/store.ts";
import { threads } from "../store/threads.ts";

/**
 * An execution that may be shown. One whose thread was deleted isn't, from the moment of the
 * deletion's commit, though its documents are erased later.
 * @throws {ApiError} `NOT_FOUND`
 */
export async function requireShown(
  store: ReadStore,
  owner: Owner,
  executionId: string,
): Promise<FoundDocument<typeof executions.schema>> {
  const found = await store.require(executions.of(owner, executionId));
  const hasThread = await store.exists(threads.of(owner, found.value.threadId).path);
  if (!hasThread) throw new ApiError("NOT_FOUND");
  return found;
}
