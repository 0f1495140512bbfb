import * as z from "zod";
import { noQuery } from "#shared/contract/common";
import { ticketRandomBytes } from "#shared/core/executions/ticket";
import { derivedId } from "#shared/core/ids";
import {
  eventNames,
  isEvent,
  type Payload,
  passesFilters,
} from "#shared/core/triggers/match-event";
import { payloadJsonOf } from "#shared/core/triggers/payload-json";
import { verifyWebhook } from "#shared/core/triggers/verify-webhook";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { sealStartedTask } from "#shared/executions/seal-started-task";
import type { Owner } from "#shared/identity/owner";
import { findActingKey } from "#shared/keys/acting-key";
import { dispatchStarted } from "#shared/pipeline/dispatch-started";
import { parseJsonWithin, readBytes } from "#shared/pipeline/parse";
import { action, type Callers, type Deps } from "#shared/pipeline/route";
import { countOwned } from "#shared/quotas/owned-resources";
import { agents } from "#shared/store/agents";
import { environments } from "#shared/store/environments";
import { type Trigger, triggerDeliveries, triggers } from "#shared/store/triggers";
import {
  type Delivering,
  type DeliveryBasis,
  type DeliveryDecision,
  decideDelivery,
  startsSomething,
} from "#shared/triggers/decide-delivery";
import { contentOf } from "#shared/triggers/start-delivery";
import { secretOf } from "#shared/triggers/webhook-access";

/** A payload becomes a variable of the sandbox, which holds no more. */
const payloadBytesMax = 60 * 1024;
/** As for other bodies. */
const valuesMax = 20_000;

const Received = z.object({
  received: z.literal(true),
  /** `ignored` is another event, or one that the trigger doesn't take now. */
  status: z.enum(["started", "ignored", "refused"]),
  executionId: z.string(),
  threadId: z.string().nullable(),
});

/**
 * Writes by itself, because no key asks for it: the signature is checked once the trigger is read.
 */
export const receiveWebhook = action({
  endpoint: "POST /v1/webhooks/triggers/:address",
  summary: "A trigger's own address, for signed webhooks: starts its message in a new thread.",
  authenticate: "webhook",
  scope: "none",
  params: z.object({ address: z.string().max(200) }),
  query: noQuery,
  body: "raw",
  bodyBytesMax: payloadBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "nothing",
  read: "nothing",
  refusals: [
    ...(["MALFORMED_JSON", "MODEL_NOT_OFFERED", "NETWORK_NOT_ALLOWED", "QUOTA_REACHED"] as const),
    ...(["INSUFFICIENT_BUDGET", "BUDGET_LIMIT_DAILY", "BUDGET_LIMIT_MONTHLY"] as const),
    ...(["BUDGET_LIMIT_KEY", "CONCURRENCY_LIMITED"] as const),
  ],
  reply: { 202: Received },
  perform: async ({ caller, raw, deps }) => {
    const body = await readBytes(raw, payloadBytesMax);
    const { value } = await deps.store.require(triggers.of(caller.owner, caller.id));
    const { deliveryId } = requireSigned(value, caller, { headers: raw.headers, body, deps });
    const payload = payloadOf(body);
    const github = raw.headers["x-github-event"];
    const names = eventNames(payload, typeof github === "string" ? github : null);
    const ignoredBy = (trigger: Trigger) => {
      if (!isEvent(trigger.event, names)) return "it is another event";
      const filters: Payload | null = JSON.parse(trigger.filtersJson);
      return passesFilters(filters, payload) ? null : "it doesn't pass the filters";
    };
    const id = derivedId("triggerExecution", value.id, deliveryId);
    const payloadJson = payloadJsonOf(body);
    const decision = await deliver(deps, caller, { deliveryId: id, payloadJson, ignoredBy });
    if (decision.refusal) throw decision.refusal;
    const { delivery } = decision;
    if (!delivery) throw new ApiError("NOT_FOUND");
    const { status, threadId } = delivery;
    return { status: 202, body: { received: true as const, status, executionId: id, threadId } };
  },
});

/** @throws {ApiError} `NOT_FOUND` for an address that was replaced, `UNAUTHORIZED`. */
function requireSigned(
  trigger: Trigger,
  { generation }: Callers["webhook"],
  request: {
    readonly headers: NodeJS.Dict<string | string[]>;
    readonly body: Buffer;
    readonly deps: Pick<Deps, "now">;
  },
): { readonly deliveryId: string } {
  const secret = secretOf(trigger);
  if (trigger.generation !== generation || secret === null) throw new ApiError("NOT_FOUND");
  const isGithub = trigger.source === "github";
  const verified = verifyWebhook(request, { secret, isGithub, now: request.deps.now() });
  if ("deliveryId" in verified) return verified;
  const message = `The webhook isn't accepted: ${verified.refused}.`;
  throw new ApiError("UNAUTHORIZED", { message, authentication: { reason: "signature" } });
}

/** @throws {ApiError} `MALFORMED_JSON` for anything but an object, `PAYLOAD_TOO_LARGE`. */
function payloadOf(body: Buffer): Payload {
  const payload = z.record(z.string(), z.unknown()).safeParse(parseJsonWithin(body, valuesMax));
  if (payload.success) return payload.data;
  throw new ApiError("MALFORMED_JSON", { message: "The webhook's body must be a JSON object." });
}

type Delivered = Pick<Delivering, "deliveryId" | "payloadJson" | "ignoredBy">;

async function deliver(
  deps: Deps,
  { owner, id, generation }: Callers["webhook"],
  what: Delivered,
): Promise<DeliveryDecision> {
  let basis = await readBasis(deps, owner, { id, ...what, repeated: false });
  let delivering = { ...what, generation, ...(await madeUp(deps, basis, what)) };
  const { decision, version } = await deps.commits.submit<DeliveryDecision>({
    owner,
    needsAccount: true,
    refresh: async () => {
      basis = await readBasis(deps, owner, { id, ...what, repeated: true });
      const { rowId } = delivering;
      delivering = { ...delivering, sealedDetails: await sealedFor(rowId, basis, what) };
    },
    decide: (account) => {
      if (!account) throw new ApiError("NOT_FOUND");
      return decideDelivery({ owner, basis, account, delivering, now: deps.now() });
    },
  });
  if (decision.started) {
    const { execution, ticket } = decision.started;
    await dispatchStarted(deps.store, owner, { execution, version, ticket, now: deps.now });
  }
  return decision;
}

/** @throws {ApiError} `NOT_FOUND` if the trigger was deleted meanwhile. */
async function readBasis(
  { store, now }: Deps,
  owner: Owner,
  which: { readonly id: string; readonly deliveryId: string; readonly repeated: boolean },
): Promise<DeliveryBasis> {
  const [found, earlier] = await allInOrder([
    store.require(triggers.of(owner, which.id)),
    store.get(triggerDeliveries.of(owner, which.id, which.deliveryId)),
  ]);
  const { keyId, environmentId, agentId } = found.value;
  const acting = await findActingKey(store, { ownerId: owner.id, keyId }, now());
  // What its key may not see, the trigger doesn't find.
  const seen = acting === null || acting === "held" ? owner : acting.owner;
  const [environment, agent, counted] = await allInOrder([
    store.get(environments.of(seen, environmentId)),
    agentId === null ? null : store.get(agents.of(seen, agentId)),
    which.repeated ? countOwned(store, owner, "threads") : null,
  ]);
  return {
    ...{ found, acting, counted },
    earlier: earlier.version ? earlier : null,
    environment: environment.version ? environment : null,
    agent: agent?.version ? agent : null,
  };
}

/** What is random; a decision that is repeated uses the same again, and seals what it has read. */
async function madeUp(deps: Deps, basis: DeliveryBasis, what: Delivered) {
  const rowId = deps.newId("auditRow");
  const ticketSecret = deps.random(ticketRandomBytes).toString("hex");
  const sealedDetails = await sealedFor(rowId, basis, what);
  return { rowId, messageId: deps.newId("message"), ticketSecret, sealedDetails };
}

/**
 * Null for what starts nothing: its payload may be longer than a message, which doesn't matter.
 * @throws {ApiError} `PAYLOAD_TOO_LARGE` for what would start.
 */
async function sealedFor(
  rowId: string,
  basis: DeliveryBasis,
  what: Delivered,
): Promise<string | null> {
  const { acting, found, agent } = basis;
  const canAct = acting !== null && acting !== "held";
  if (!canAct || !startsSomething(basis, what)) return null;
  const task = contentOf({ trigger: found.value, agent, payloadJson: what.payloadJson });
  return await sealStartedTask(acting, rowId, task);
}
