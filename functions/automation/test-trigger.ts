import * as z from "zod";
import { triggerExecutionBody } from "#shared/answers/trigger-body";
import { noQuery, ok } from "#shared/contract/common";
import { TriggerExecutionBody } from "#shared/contract/trigger";
import { ticketRandomBytes } from "#shared/core/executions/ticket";
import { derivedId, idSchema } from "#shared/core/ids";
import { existing } from "#shared/environments/body-ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { readEarlierStart } from "#shared/executions/earlier-start";
import type { Owner } from "#shared/identity/owner";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { toStartLater } from "#shared/keys/further-scopes";
import { dispatchStarted } from "#shared/pipeline/dispatch-started";
import { change } from "#shared/pipeline/route";
import { countOwnedIfRepeated } from "#shared/quotas/owned-resources";
import { agents } from "#shared/store/agents";
import { unchanged } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import type { Execution } from "#shared/store/executions";
import { type TriggerDelivery, triggers } from "#shared/store/triggers";
import { addDelivery, contentOf, startDelivery } from "#shared/triggers/start-delivery";

const bodyBytesMax = 60 * 1024;

const Test = z.object({ payload: z.record(z.string(), z.unknown()).nullish() });

export const testTrigger = change({
  endpoint: "POST /v1/triggers/:triggerId/test",
  summary:
    "Start what a trigger starts, with a payload of one's own and this request's key. An Idempotency-Key makes repeating it harmless.",
  authenticate: "api-key",
  scope: "execute",
  needsToo: toStartLater,
  params: z.object({ triggerId: idSchema("trigger") }),
  query: noQuery,
  // Clients of the public API send nothing if they have no payload.
  body: Test.prefault({}),
  bodyBytesMax,
  requestClass: "executions",
  beforeConfirmed: "reads",
  account: "hold",
  audit: "execution.started",
  refusals: ["FORBIDDEN", "MODEL_NOT_OFFERED", "QUOTA_REACHED", "NETWORK_NOT_ALLOWED"],
  reply: { 200: z.object({ execution: TriggerExecutionBody }) },
  read: async ({ caller: { owner }, params: { triggerId }, body, ids, repeated, deps }) => {
    const { store } = deps;
    const found = await store.require(triggers.of(owner, triggerId));
    const { value } = found;
    const request = ["trigger-test", triggerId, body.payload ?? null];
    const [environment, agent, counted, start] = await allInOrder([
      store.require(environments.of(owner, value.environmentId)),
      existing("agent", value.agentId, (id) => store.get(agents.of(owner, id))),
      countOwnedIfRepeated(store, owner, { kind: "threads", repeated }),
      readEarlierStart(store, owner, { ids, request }),
    ]);
    const ticketSecret = deps.random(ticketRandomBytes).toString("hex");
    const payloadJson = JSON.stringify(body.payload ?? { type: value.event });
    const wanted = { trigger: value, environment: environment.value, agent, payloadJson };
    return { ...wanted, found, counted, ticketSecret, start };
  },
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    // The record of the delivery may have expired, and the request has all that it says.
    earlier({ caller: { owner }, data: { start, trigger, payloadJson } }) {
      const { earlier } = start;
      if (earlier === null) return null;
      const { delivery } = deliveryOf(owner, trigger.id, { ...earlier, payloadJson });
      return { isSame: earlier.isSame, answer: () => replyOf(delivery, trigger.id, earlier) };
    },
  },
  // A request that only repeats one is answered, whatever the trigger says by now.
  auditTask: (wanted) => (wanted.start.earlier === null ? contentOf(wanted) : undefined),
  decide({ caller: { owner, key }, data, account, request, ids, now }) {
    if (!account) throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
    const { counted, start, found, ...wanted } = data;
    const { payloadJson } = wanted;
    const triggerId = data.trigger.id;
    const threadId = ids.next("thread");
    const { executionId, requestSha256 } = start;
    const started = startDelivery(
      { owner, key, messageId: ids.next("message"), now },
      { ...wanted, threadId, executionId, requestSha256, requestId: request.id },
      { account, counted },
    );
    const { delivery, write } = deliveryOf(owner, triggerId, { ...started, payloadJson });
    return {
      // A deletion has erased all deliveries; none may be stored below it afterwards (DAT-3).
      writes: [...started.writes, write, unchanged(found)],
      account: started.account,
      limit: started.limit,
      subject: executionId,
      facts: { ...started.facts, triggerId },
      reply: replyOf(delivery, triggerId, started),
      started,
    };
  },
  after: async ({ caller: { owner }, decided: { started }, version, deps }) => {
    const { execution, ticket } = started;
    await dispatchStarted(deps.store, owner, { execution, version, ticket, now: deps.now });
  },
});

interface OfStart {
  readonly execution: Execution;
}

/** The record of a test. Its id derives from what it started, so it is the same when repeated. */
function deliveryOf(
  owner: Owner,
  triggerId: string,
  { execution, payloadJson }: OfStart & { readonly payloadJson: string },
) {
  const { id: executionId, threadId, createdAt } = execution;
  return addDelivery(owner, triggerId, {
    ...{ id: derivedId("triggerExecution", executionId), status: "started", isTest: true },
    ...{ threadId, executionId, payloadJson, createdAt },
  });
}

function replyOf(delivery: TriggerDelivery, triggerId: string, { execution }: OfStart) {
  const states = new Map([[execution.id, execution.status]]);
  return ok({ execution: triggerExecutionBody(delivery, { triggerId, states }) });
}
