import * as z from "zod";
import { ok } from "#shared/contract/common";
import { StepDiff, StepId } from "#shared/contract/thread-steps";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { messages, threads } from "#shared/store/threads";
import { changesIn } from "./get-diffs.ts";
import { netChanges } from "./read-changes.ts";
import { parseStepId } from "./step-body.ts";

export const getStepDiff = query({
  endpoint: "GET /v1/threads/:threadId/steps/:stepId/diff",
  summary: "Which files a step changed, by how many lines; at the end of an execution, all of its.",
  ...ownedRead("threads:read"),
  params: z.object({ threadId: idSchema("thread"), stepId: StepId }),
  query: z.object({ path: z.string().max(4_096).optional() }),
  reply: { 200: StepDiff },
  read: async ({ caller: { owner }, params, deps: { store }, now }) => {
    const { threadId } = params;
    const step = parseStepId(params.stepId);
    await store.require(threads.of(owner, threadId));
    if (step.kind === "message") {
      await store.require(messages.of(owner, threadId, step.messageId));
      return [];
    }
    const { executionId } = step;
    const { changes: all } = await changesIn(store, owner, { threadId, executionId, now });
    if (step.kind === "end") return all;
    return all.filter(({ number }) => number === step.number);
  },
  answer({ params: { threadId, stepId }, query: { path = null }, data }) {
    const changes = data.map(({ change }) => change);
    const net = netChanges(changes).filter((one) => path === null || one.path === path);
    if (path !== null && net.length === 0) {
      const message = "The step didn't change that path, or its events aren't stored any more.";
      throw new ApiError("NOT_FOUND", { message });
    }
    return ok({
      ...{ threadId, stepId, sequence: null, snapshotBeforeId: null, snapshotAfterId: null },
      ...{ fromCommitSha: null, toCommitSha: null, path, diff: "", diffStored: false },
      changedPaths: net.map((one) => one.path),
      additions: net.reduce((sum, { additions }) => sum + additions, 0),
      deletions: net.reduce((sum, { deletions }) => sum + deletions, 0),
    });
  },
});
