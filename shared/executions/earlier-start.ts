/** Finds what an earlier request with the same Idempotency-Key started in a thread of its own. */
import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { deletedExecutions, type Execution, executions } from "../store/executions.ts";
import type { ReadStore } from "../store/store.ts";
import { type Thread, threads } from "../store/threads.ts";
import { isSameRequest, requestDigest } from "./request-digest.ts";

/** Where a request gets ids from; null without an Idempotency-Key. */
interface Ids {
  next(kind: "execution"): string;
  ofRequest(kind: "execution"): string | null;
}

export interface EarlierStart {
  /** The id of the execution that is started, or was. */
  readonly executionId: string;
  readonly requestSha256: string;
  readonly earlier: {
    readonly isSame: boolean;
    readonly execution: Execution;
    readonly thread: Thread;
  } | null;
}

/**
 * @param request What makes the request another one.
 * @throws {ApiError} `IDEMPOTENCY_CONFLICT` if what was started has been deleted, since what was
 *   charged once must not run again.
 */
export async function readEarlierStart(
  store: ReadStore,
  owner: Owner,
  { ids, request }: { readonly ids: Ids; readonly request: readonly unknown[] },
): Promise<EarlierStart> {
  const repeatableId = ids.ofRequest("execution");
  const requestSha256 = requestDigest(request);
  if (repeatableId === null) {
    return { executionId: ids.next("execution"), requestSha256, earlier: null };
  }
  const [{ value: execution }, { value: deleted }] = await allInOrder([
    store.get(executions.of(owner, repeatableId)),
    store.get(deletedExecutions.of(owner, repeatableId)),
  ]);
  const thread = execution && (await store.get(threads.of(owner, execution.threadId))).value;
  if (deleted || (execution && !thread)) {
    const message = "That Idempotency-Key was used for a thread that was deleted.";
    throw new ApiError("IDEMPOTENCY_CONFLICT", { message });
  }
  if (!execution || !thread) return { executionId: repeatableId, requestSha256, earlier: null };
  const isSame = isSameRequest(execution.requestSha256, { request, asStated: request });
  return { executionId: repeatableId, requestSha256, earlier: { isSame, execution, thread } };
}
