import * as z from "zod";
import { BuildLogs, BuildStatusBody } from "#shared/contract/build";
import { isoOrNull, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { imageTagOf } from "#shared/environments/build-state";
import { readBuilds, stateOf } from "#shared/environments/shown-environments";
import { ApiError } from "#shared/errors/api-error";
import { areEventsDeleted } from "#shared/executions/event-log";
import { readEndOfLog } from "#shared/executions/read-last-events";
import { requireShown } from "#shared/executions/shown-execution";
import type { Owner } from "#shared/identity/owner";
import { environmentRead } from "#shared/pipeline/environment-read";
import { query } from "#shared/pipeline/route";
import type { RunnerEvent } from "#shared/protocol/runner";
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
/** A build that prints a line now and then has a batch of events for each. */
const logBatchesMax = 2_000;

export const getBuildLogs = query({
  endpoint: "GET /v1/environments/:environmentId/build/logs",
  summary: "What the last build has printed so far; empty if there was none in 30 days.",
  ...environmentRead,
  params,
  reply: { 200: BuildLogs },
  read: async ({ caller: { owner }, params: { environmentId }, deps: { store }, now }) => {
    const { environment, state } = await readBuild(store, owner, environmentId);
    const executionId = environment.build?.executionId;
    const isShown = executionId !== undefined && (await areShown(store, owner, executionId));
    return { state, ...(isShown ? await readLog(store, owner, { executionId, now }) : noLog) };
  },
  answer({ data: { state, logs, truncated } }) {
    return ok({ logs, buildLogs: logs, buildStatus: state.status, truncated });
  },
});

const noLog = { logs: "", truncated: false };

/** What was printed last; how much came before it doesn't count. */
async function readLog(
  store: ReadStore,
  owner: Owner,
  { executionId, now }: { readonly executionId: string; readonly now: number },
): Promise<typeof noLog> {
  const which = { executionId, batchesMax: logBatchesMax, now };
  let length = 0;
  const { events, isWhole } = await readEndOfLog(store, owner, which, (batch) => {
    length += textOf(batch).length;
    return length > logLengthMax;
  });
  const logs = textOf(events);
  const truncated = !isWhole || logs.length > logLengthMax;
  return { logs: logs.slice(-logLengthMax).toWellFormed(), truncated };
}

function textOf(events: readonly RunnerEvent[]): string {
  return events.map(({ item }) => (item.type === "text" ? item.content : "")).join("");
}

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
