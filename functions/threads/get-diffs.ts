import * as z from "zod";
import { ok } from "#shared/contract/common";
import { ThreadDiffs } from "#shared/contract/thread-steps";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { executions } from "#shared/store/executions";
import type { ReadStore } from "#shared/store/store";
import { threads } from "#shared/store/threads";
import { changesOf, changesOfThread, type FoundChanges, netChanges } from "./read-changes.ts";

export const getDiffs = query({
  endpoint: "GET /v1/threads/:threadId/diffs",
  summary: "Which files a thread changed, by how many lines; of one execution if it is named.",
  ...ownedRead("threads:read"),
  params: z.object({ threadId: idSchema("thread") }),
  query: z.object({ executionId: idSchema("execution").optional() }),
  reply: { 200: ThreadDiffs },
  read: async ({ caller: { owner }, params: { threadId }, query, deps: { store }, now }) => {
    const { executionId } = query;
    await store.require(threads.of(owner, threadId));
    if (executionId === undefined) return await changesOfThread(store, owner, { threadId, now });
    const which = { threadId, executionId, now };
    return await changesIn(store, owner, which);
  },
  answer({ data: { changes, complete } }) {
    const net = netChanges(changes.map(({ change }) => change));
    const diffs = net.map((one) => ({ ...one, diff: "" as const, diffStored: false as const }));
    return ok({ diffs, data: diffs, complete });
  },
});

/**
 * The file changes of one of a thread's executions.
 * @throws {ApiError} `NOT_FOUND` for an execution of another thread.
 */
export async function changesIn(
  store: ReadStore,
  owner: Owner,
  which: { readonly threadId: string; readonly executionId: string; readonly now: number },
): Promise<FoundChanges> {
  const { value } = await store.require(executions.of(owner, which.executionId));
  if (value.threadId !== which.threadId) throw new ApiError("NOT_FOUND");
  return await changesOf(store, owner, { execution: value, now: which.now });
}
