import { peppers } from "#shared/config";
import { toJsonText } from "#shared/contract/common";
import type { TriggerCreate, TriggerUpdate } from "#shared/contract/trigger";
import type { Trigger } from "#shared/store/triggers";

/** The document of a new trigger, from the body that describes it. */
export function newTrigger(
  body: TriggerCreate,
  made: { readonly id: string; readonly keyId: string; readonly now: number },
): Trigger {
  const { id, keyId, now } = made;
  return {
    v: 1,
    id,
    keyId,
    name: body.name,
    environmentId: body.environmentId,
    agentId: body.agentId ?? null,
    source: body.source,
    event: body.event,
    filtersJson: toJsonText(body.filters),
    actionJson: toJsonText(body.action),
    enabled: body.enabled,
    pausedReason: null,
    pepperId: peppers().current,
    generation: 1,
    lastTriggeredAt: null,
    ignoredDay: 0,
    ignoredCount: 0,
    createdAt: now,
    updatedAt: now,
  };
}

const taskFields = ["agentId", "event", "filters", "action"] as const;

/** Whether a change makes the caller's key the one that the trigger acts with. */
export function takesOver(body: TriggerUpdate): boolean {
  return body.enabled === true || taskFields.some((field) => body[field] !== undefined);
}

/** The fields of a changed trigger: those that the body names, and the others as they were. */
export function changedTrigger(
  body: TriggerUpdate,
  trigger: Trigger,
  { keyId, now }: { readonly keyId: string; readonly now: number },
): Partial<Trigger> {
  const { agentId = trigger.agentId, filters, action } = body;
  return {
    name: body.name ?? trigger.name,
    agentId,
    event: body.event ?? trigger.event,
    filtersJson: filters === undefined ? trigger.filtersJson : toJsonText(filters),
    actionJson: action === undefined ? trigger.actionJson : toJsonText(action),
    enabled: body.enabled ?? trigger.enabled,
    ...(takesOver(body) ? { keyId } : {}),
    ...(body.enabled === true ? { pausedReason: null } : {}),
    updatedAt: now,
  };
}
