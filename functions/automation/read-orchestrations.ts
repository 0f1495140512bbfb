import pMap from "p-map";
import * as z from "zod";
import { orchestrationBody, orchestrationRunBody } from "#shared/answers/orchestration-body";
import { noParams, ok } from "#shared/contract/common";
import { cursorListBody, cursorListOf, cursorQuery, notBoth } from "#shared/contract/cursor";
import { OrchestrationBody, OrchestrationRunBody } from "#shared/contract/orchestration";
import { idSchema } from "#shared/core/ids";
import { orchestrationStatuses } from "#shared/core/orchestrations/words";
import { retention } from "#shared/core/retention/retention-table";
import { allInOrder } from "#shared/errors/all-in-order";
import type { Owner } from "#shared/identity/owner";
import { type Advanced, advanceRun, wholeOwner } from "#shared/orchestrations/advance-run";
import { dispatchStarted } from "#shared/pipeline/dispatch-started";
import { ownedRead } from "#shared/pipeline/owned-route";
import { logFailure } from "#shared/pipeline/request-log";
import { action, type Deps, query } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";
import { orchestrationRuns, orchestrations } from "#shared/store/orchestrations";
import { readByCursor } from "#shared/store/read-by-cursor";

const shared = ownedRead("schedules:read");
const params = z.object({ orchestrationId: idSchema("orchestration") });
const runParams = params.extend({ orchestrationRunId: idSchema("orchestrationRun") });

const OrchestrationsQuery = cursorQuery("orchestration").extend({
  environmentId: idSchema("environment").optional(),
  status: z.enum(orchestrationStatuses).optional(),
});

export const listOrchestrations = query({
  ...shared,
  endpoint: "GET /v1/orchestrations",
  summary: "The account's orchestrations, newest first, by any of the filters.",
  params: noParams,
  query: OrchestrationsQuery.refine(...notBoth),
  reply: { 200: cursorListOf(OrchestrationBody) },
  read: async ({ caller: { owner }, query, deps: { store } }) => {
    const { limit, offset, cursor, ...filters } = query;
    const { environmentId } = query;
    const where = Object.entries(filters).flatMap(([field, value]) =>
      value === undefined ? [] : [[field, value] as const],
    );
    const all = orchestrations.all(owner);
    const [page] = await allInOrder([
      readByCursor(store, all, { where, order: "desc", limit, offset, cursor }),
      // An id of another owner is answered 404, as everywhere.
      environmentId === undefined ? null : store.require(environments.of(owner, environmentId)),
    ]);
    return page;
  },
  answer: ({ caller: { owner }, data }) =>
    ok(cursorListBody(data, (one) => orchestrationBody(one, owner.id))),
});

export const getOrchestration = query({
  ...shared,
  endpoint: "GET /v1/orchestrations/:orchestrationId",
  summary: "Get an orchestration.",
  params,
  reply: { 200: z.object({ orchestration: OrchestrationBody }) },
  read: async ({ caller: { owner }, params: { orchestrationId }, deps: { store } }) =>
    await store.require(orchestrations.of(owner, orchestrationId)),
  answer: ({ caller: { owner }, data: { value } }) =>
    ok({ orchestration: orchestrationBody(value, owner.id) }),
});

export const listOrchestrationRuns = query({
  ...shared,
  endpoint: "GET /v1/orchestrations/:orchestrationId/runs",
  summary: "An orchestration's runs of the last 30 days, newest first.",
  params,
  query: cursorQuery("orchestrationRun").refine(...notBoth),
  reply: { 200: cursorListOf(OrchestrationRunBody) },
  read: async ({ caller: { owner }, params: { orchestrationId }, query, now, deps: { store } }) => {
    const from = now - retention.automationLogs.keptMs;
    const between = { field: "createdAt", from, to: undefined };
    const all = orchestrationRuns.all(owner, orchestrationId);
    const [, page] = await allInOrder([
      store.require(orchestrations.of(owner, orchestrationId)),
      readByCursor(store, all, { ...query, between, order: "desc" }),
    ]);
    return page;
  },
  answer: ({ data }) => ok(cursorListBody(data, orchestrationRunBody)),
});

/** Clients ask every few seconds, so a run that is due is moved on before the next sweep does. */
export const getOrchestrationRun = action({
  ...shared,
  endpoint: "GET /v1/orchestrations/:orchestrationId/runs/:orchestrationRunId",
  summary: "Get a run with what its steps have answered so far.",
  params: runParams,
  beforeConfirmed: "reads",
  reply: { 200: z.object({ run: OrchestrationRunBody }) },
  read: async ({ caller: { owner }, params, deps: { store } }) => {
    const { orchestrationId, orchestrationRunId } = params;
    const [, found] = await allInOrder([
      store.require(orchestrations.of(owner, orchestrationId)),
      store.require(orchestrationRuns.of(owner, orchestrationId, orchestrationRunId)),
    ]);
    return found;
  },
  perform: async ({ caller: { owner }, data: { ref, value }, now, deps }) => {
    if (value.dueAt === null || value.dueAt > now) return ok({ run: orchestrationRunBody(value) });
    await advanceAndDispatch(deps, owner, value);
    return ok({ run: orchestrationRunBody((await deps.store.require(ref)).value) });
  },
});

const concurrency = 5;

/** Moves a run on and starts the runners; what fails is left to the sweeps. */
export async function advanceAndDispatch(
  deps: Deps,
  owner: Owner,
  { id, orchestrationId }: { readonly id: string; readonly orchestrationId: string },
): Promise<void> {
  const whole = wholeOwner(owner);
  let started: Advanced["started"] = [];
  try {
    ({ started } = await advanceRun(deps, whole, { id, orchestrationId }));
  } catch (cause) {
    logFailure("a run wasn't moved on; a sweep will do it", cause, { orchestrationRunId: id });
  }
  await pMap(
    started,
    async ({ start: { execution, ticket }, version }) =>
      await dispatchStarted(deps.store, whole, { execution, version, ticket, now: deps.now }),
    { concurrency },
  );
}
