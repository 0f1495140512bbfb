import * as z from "zod";
import { BuildLogs, BuildStatusBody } from "#shared/contract/build";
import { isoOrNull, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { imageTagOf } from "#shared/environments/build-state";
import { readBuilds, stateOf } from "#shared/environments/shown-environments";
import { ApiError } from "#shared/errors/api-error";
import { areEventsDeleted } from "#shared/executions/event-log";
import { readEvents } from "#shared/executions/read-events";
import { requireShown } from "#shared/executions/shown-execution";
import type { Owner } from "#shared/identity/owner";
import { environmentRead } from "#shared/pipeline/environment-read";
import { query } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";
import type { ReadStore } from "#shared/store/store";

const params = z.object({ environmentId: idSchema("environment") });

export const getBuildStatus = query({
  endpoint: "GET /v1/environments/:environmentId/build/status",
  summary: "Whether what the environment names is built, or why it isn't.",
  ...environmentRead,
  params,
  reply: { 200: BuildStatusBody },
  read: async ({ caller: { owner }, params: { environmentId }, deps: { store } }) =>
    await readBuild(store, owner, environmentId),
  answer({ data: { environment, state } }) {
    const build = environment.build?.hash === state.hash ? environment.build : null;
    return ok({
      buildStatus: state.status,
      buildHash: state.hash,
      imageTag: imageTagOf(environment, state),
      lastBuildAt: isoOrNull(state.builtAt),
      buildError: state.error,
      buildId: build?.executionId ?? null,
      threadId: build?.threadId ?? null,
    });
  },
});

/** The end of a log is what explains a failure. */
const logLengthMax = 256 * 1024;

export const getBuildLogs = query({
  endpoint: "GET /v1/environments/:environmentId/build/logs",
  summary: "What the last build has printed so far; empty if there was none in 30 days.",
  ...environmentRead,
  params,
  reply: { 200: BuildLogs },
  read: async ({ caller: { owner }, params: { environmentId }, deps: { store }, now }) => {
    const { environment, state } = await readBuild(store, owner, environmentId);
    const executionId = environment.build?.executionId;
    let logs = "";
    let truncated = false;
    if (executionId !== undefined && (await areShown(store, owner, executionId))) {
      for await (const { item } of readEvents(store, owner, { executionId, after: 0, now })) {
        if (item.type !== "text") continue;
        logs += item.content;
        if (logs.length <= 2 * logLengthMax) continue;
        logs = logs.slice(-logLengthMax);
        truncated = true;
      }
    }
    return {
      state,
      logs: logs.slice(-logLengthMax),
      truncated: truncated || logs.length > logLengthMax,
    };
  },
  answer({ data: { state, logs, truncated } }) {
    return ok({ logs, buildLogs: logs, buildStatus: state.status, truncated });
  },
});

/** Whether neither its thread was deleted nor one of its messages; erasing them takes longer. */
async function areShown(store: ReadStore, owner: Owner, executionId: string): Promise<boolean> {
  try {
    return !areEventsDeleted((await requireShown(store, owner, executionId)).value);
  } catch (error) {
    if (error instanceof ApiError && error.code === "NOT_FOUND") return false;
    throw error;
  }
}

async function readBuild(store: ReadStore, owner: Owner, environmentId: string) {
  const { value: environment } = await store.require(environments.of(owner, environmentId));
  const builds = await readBuilds(store, owner, [environment]);
  return { environment, state: stateOf(environment, { builds }) };
}
