import { ApiError } from "#shared/errors/api-error";
import { namesOfThreads } from "#shared/executions/thread-names";
import type { Owner } from "#shared/identity/owner";
import { deletions } from "#shared/store/deletions";
import type { ReadStore } from "#shared/store/store";
import { threads } from "#shared/store/threads";

/**
 * The thread that an earlier request with the same Idempotency-Key made; null if there is none.
 * @throws {ApiError} `IDEMPOTENCY_CONFLICT` while it is being erased, so that nothing is written
 * below its id meanwhile.
 */
export async function readEarlierThread(store: ReadStore, owner: Owner, threadId: string) {
  const [{ value: thread }, deletion] = await store.getAll(
    threads.of(owner, threadId),
    deletions.doc(threadId),
  );
  if (thread === null && deletion.value !== null) throw usedForDeleted();
  if (thread === null) return null;
  return { thread, names: (await namesOfThreads(store, owner, [thread]))(thread) };
}

export function usedForDeleted(): ApiError {
  const message = "That Idempotency-Key was used for a thread that was deleted.";
  return new ApiError("IDEMPOTENCY_CONFLICT", { message });
}
