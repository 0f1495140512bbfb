import type * as z from "zod";
import { fromJsonText, iso, isoOrNull } from "../contract/common.ts";
import type { TriggerBody, TriggerExecutionBody } from "../contract/trigger.ts";
import type { Execution } from "../store/executions.ts";
import type { Trigger, TriggerDelivery } from "../store/triggers.ts";
import type { ExecutionStates } from "./schedule-body.ts";

/** A trigger as the API shows it. @param shown.secret Empty but in the answer that shows it. */
export function triggerBody(
  trigger: Trigger,
  shown: { readonly ownerId: string; readonly url: string; readonly secret?: string },
): z.input<typeof TriggerBody> {
  return {
    id: trigger.id,
    userId: shown.ownerId,
    name: trigger.name,
    environmentId: trigger.environmentId,
    agentId: trigger.agentId,
    source: trigger.source,
    event: trigger.event,
    filters: fromJsonText(trigger.filtersJson),
    action: fromJsonText(trigger.actionJson),
    enabled: trigger.enabled,
    pausedReason: trigger.pausedReason,
    keyId: trigger.keyId,
    webhookSecret: shown.secret ?? "",
    webhookUrl: shown.url,
    lastTriggeredAt: isoOrNull(trigger.lastTriggeredAt),
    createdAt: iso(trigger.createdAt),
    updatedAt: iso(trigger.updatedAt),
  };
}

/** A delivery as the API shows it, with the state of what it started. */
export function triggerExecutionBody(
  delivery: TriggerDelivery,
  { triggerId, states }: { readonly triggerId: string; readonly states: ExecutionStates },
): z.input<typeof TriggerExecutionBody> {
  const payload = fromJsonText(delivery.payloadJson);
  return {
    id: delivery.id,
    triggerId,
    threadId: delivery.threadId,
    runId: delivery.executionId,
    event: payload,
    eventPayload: payload,
    isTest: delivery.isTest,
    status: statusOf(delivery, states),
    error: delivery.error,
    createdAt: iso(delivery.createdAt),
  };
}

const shownStates = {
  queued: "pending",
  running: "running",
  success: "completed",
  failed: "failed",
  cancelled: "failed",
} as const satisfies Readonly<Record<Execution["status"], string>>;

function statusOf({ status, executionId }: TriggerDelivery, states: ExecutionStates) {
  if (status === "ignored") return "ignored";
  if (status === "refused") return "failed";
  const state = states.get(executionId ?? "");
  return state === undefined ? "deleted" : shownStates[state];
}
