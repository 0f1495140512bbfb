import * as z from "zod";
import { triggerBody, triggerExecutionBody } from "#shared/answers/trigger-body";
import { noParams, noQuery, ok, optionalFlag } from "#shared/contract/common";
import { cursorListBody, cursorListOf, cursorQuery, notBoth } from "#shared/contract/cursor";
import { TriggerBody, TriggerExecutionBody } from "#shared/contract/trigger";
import { idSchema } from "#shared/core/ids";
import { retention } from "#shared/core/retention/retention-table";
import { triggerSources } from "#shared/core/triggers/words";
import { allInOrder } from "#shared/errors/all-in-order";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { executionStates } from "#shared/schedules/execution-states";
import { environments } from "#shared/store/environments";
import { readByCursor } from "#shared/store/read-by-cursor";
import { triggerDeliveries, triggers } from "#shared/store/triggers";
import { webhookUrlOf } from "#shared/triggers/webhook-access";

const shared = ownedRead("schedules:read");
const params = z.object({ triggerId: idSchema("trigger") });

const TriggersQuery = cursorQuery("trigger").extend({
  enabled: optionalFlag,
  environmentId: idSchema("environment").optional(),
  source: z.enum(triggerSources).optional(),
});

export const listTriggers = query({
  ...shared,
  endpoint: "GET /v1/triggers",
  summary: "The account's triggers, newest first, by any of the filters.",
  params: noParams,
  query: TriggersQuery.refine(...notBoth),
  reply: { 200: cursorListOf(TriggerBody) },
  read: async ({ caller: { owner }, query, deps: { store } }) => {
    const { limit, offset, cursor, ...filters } = query;
    const { environmentId } = query;
    const where = Object.entries(filters).flatMap(([field, value]) =>
      value === undefined ? [] : [[field, value] as const],
    );
    const [page] = await allInOrder([
      readByCursor(store, triggers.all(owner), { where, order: "desc", limit, offset, cursor }),
      // An id of another owner is answered 404, as everywhere.
      environmentId === undefined ? null : store.require(environments.of(owner, environmentId)),
    ]);
    return page;
  },
  answer({ caller: { owner }, data }) {
    const ownerId = owner.id;
    return ok(
      cursorListBody(data, (one) => triggerBody(one, { ownerId, url: webhookUrlOf(ownerId, one) })),
    );
  },
});

export const getTrigger = query({
  ...shared,
  endpoint: "GET /v1/triggers/:triggerId",
  summary: "Get a trigger, without its secret.",
  params,
  query: noQuery,
  reply: { 200: z.object({ trigger: TriggerBody }) },
  read: async ({ caller: { owner }, params: { triggerId }, deps: { store } }) =>
    await store.require(triggers.of(owner, triggerId)),
  answer({ caller: { owner }, data: { value } }) {
    const url = webhookUrlOf(owner.id, value);
    return ok({ trigger: triggerBody(value, { ownerId: owner.id, url }) });
  },
});

export const listTriggerExecutions = query({
  ...shared,
  endpoint: "GET /v1/triggers/:triggerId/executions",
  summary: "What a trigger was sent in the last 30 days, and what that started, newest first.",
  params,
  query: cursorQuery("triggerExecution").refine(...notBoth),
  reply: { 200: cursorListOf(TriggerExecutionBody) },
  read: async ({ caller: { owner }, params: { triggerId }, query, now, deps: { store } }) => {
    const from = now - retention.automationLogs.keptMs;
    const between = { field: "createdAt", from, to: undefined };
    const all = triggerDeliveries.all(owner, triggerId);
    const [, page] = await allInOrder([
      store.require(triggers.of(owner, triggerId)),
      readByCursor(store, all, { ...query, between, order: "desc" }),
    ]);
    const ids = page.items.flatMap(({ executionId: id }) => (id === null ? [] : [id]));
    return { page, states: await executionStates(store, owner, ids) };
  },
  answer: ({ params: { triggerId }, data: { page, states } }) =>
    ok(cursorListBody(page, (one) => triggerExecutionBody(one, { triggerId, states }))),
});
