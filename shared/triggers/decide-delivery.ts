/** Decides what becomes of a delivery whose signature was checked. Pure. */

import { derivedId } from "../core/ids.ts";
import { admits, holds, holdsKey } from "../core/keys/admission.ts";
import type { Counted } from "../core/limits/owned-count.ts";
import type { Account } from "../core/money/account.ts";
import { dayMs } from "../core/retention/periods.ts";
import { ApiError } from "../errors/api-error.ts";
import { PauseRefusal, pauseReasonOf } from "../executions/pause-refusal.ts";
import type { StartedThread } from "../executions/start-on-new-thread.ts";
import type { Owner } from "../identity/owner.ts";
import { type ActingKey, requireScopes, startScopes } from "../keys/acting-key.ts";
import type { agents } from "../store/agents.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { patch, unchanged, type Write } from "../store/documents.ts";
import type { environments } from "../store/environments.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { Trigger, TriggerDelivery, triggerDeliveries, triggers } from "../store/triggers.ts";
import { addDelivery, startDelivery } from "./start-delivery.ts";

const noticedMs = 60_000;
/**
 * How many deliveries of a trigger and a day are logged that start nothing, and those that come at
 * the same moment. They cost their sender nothing, so without this a trigger's log would grow as
 * fast as requests are taken.
 */
export const ignoredPerDayMax = 100;
/** The last so many say that others may be missing. */
const lastIgnored = 10;

/** What was read for the decision. */
export interface DeliveryBasis {
  readonly found: FoundDocument<typeof triggers.schema>;
  /** The delivery that came before with the same id. */
  readonly earlier: FoundDocument<typeof triggerDeliveries.schema> | null;
  readonly acting: ActingKey | "held" | null;
  readonly environment: FoundDocument<typeof environments.schema> | null;
  readonly agent: FoundDocument<typeof agents.schema> | null;
  readonly counted: Counted | null;
}

/** The delivery and what is made up for it. */
export interface Delivering {
  readonly deliveryId: string;
  readonly payloadJson: string;
  /** Which of its addresses it came to. A renewed one takes nothing that was signed before. */
  readonly generation: number;
  /** Why it starts nothing of a trigger; null if it should. */
  readonly ignoredBy: (trigger: Trigger) => string | null;
  readonly rowId: string;
  readonly messageId: string;
  readonly ticketSecret: string;
  readonly sealedDetails: string | null;
}

export interface DeliveryDecision {
  readonly writes: readonly Write[];
  readonly account?: Account;
  readonly delivery: TriggerDelivery | null;
  readonly started: StartedThread | null;
  /** What the sender is told instead; it is recorded all the same. */
  readonly refusal: ApiError | null;
}

interface Deciding {
  readonly owner: Owner;
  readonly basis: DeliveryBasis;
  readonly account: Account;
  readonly delivering: Delivering;
  readonly now: number;
}

/**
 * A refused delivery is decided again once its trigger is enabled: its sender was told that it
 * failed. Any other that comes again is answered with what came of it.
 * @throws {ApiError} what may succeed later; `NOT_FOUND` for an address that was replaced
 * meanwhile. @throws {StaleRead} to be read again.
 */
export function decideDelivery(deciding: Deciding): DeliveryDecision {
  const { basis, delivering, now } = deciding;
  const { earlier, found } = basis;
  if (found.value.generation !== delivering.generation) throw new ApiError("NOT_FOUND");
  const nothing = { writes: [], delivery: null, started: null, refusal: null };
  if (earlier && !startsSomething(basis, delivering)) {
    return { ...nothing, delivery: earlier.value };
  }
  const why = whyIgnored(basis, delivering);
  if (why !== null) return { ...nothing, ...ignored(deciding, why) };
  const record = {
    id: delivering.deliveryId,
    payloadJson: delivering.payloadJson,
    createdAt: now,
  };
  try {
    return started(deciding, record);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    return refused(deciding, { cause, record });
  }
}

/** Whether a delivery is to start something, if nothing refuses it. */
export function startsSomething(
  basis: Pick<DeliveryBasis, "found" | "earlier">,
  delivering: Pick<Delivering, "ignoredBy">,
): boolean {
  const isAnswered = basis.earlier !== null && basis.earlier.value.status !== "refused";
  return !isAnswered && whyIgnored(basis, delivering) === null;
}

function whyIgnored(
  { found }: Pick<DeliveryBasis, "found">,
  { ignoredBy }: Pick<Delivering, "ignoredBy">,
): string | null {
  return ignoredBy(found.value) ?? (found.value.enabled ? null : "the trigger is disabled");
}

/** Its payload isn't kept: nobody needs it, and its id alone tells a repetition. */
function ignored({ owner, basis, delivering, now }: Deciding, why: string) {
  const { ref, value } = basis.found;
  const day = Math.floor(now / dayMs);
  const before = value.ignoredDay === day ? value.ignoredCount : 0;
  const isLate = before >= ignoredPerDayMax - lastIgnored;
  const { delivery, write } = addDelivery(owner, value.id, {
    ...{ id: delivering.deliveryId, payloadJson: "null", createdAt: now, status: "ignored" },
    error: isLate ? `${why}; more of this day (UTC) may not be listed` : why,
  });
  if (before >= ignoredPerDayMax) return { writes: [], delivery };
  // Without a version, since deliveries of the same moment would wait for each other.
  const counted =
    value.ignoredDay === day
      ? patch(ref, {}, { increments: { ignoredCount: 1 }, mustExist: true })
      : patch(ref, { ignoredDay: day, ignoredCount: 1 }, { mustExist: true });
  return { writes: [write, counted], delivery };
}

type Record = Pick<TriggerDelivery, "id" | "payloadJson" | "createdAt">;

function started(deciding: Deciding, record: Record): DeliveryDecision {
  const { owner, basis, account, delivering, now } = deciding;
  const { ref, value, version } = basis.found;
  const { key, acting, environment } = requireActing(deciding);
  const started = startDelivery(
    { owner: acting.owner, key, messageId: delivering.messageId, now },
    {
      ...{ trigger: value, environment: environment.value, agent: basis.agent },
      payloadJson: delivering.payloadJson,
      threadId: derivedId("thread", delivering.deliveryId),
      executionId: derivedId("execution", delivering.deliveryId),
      ticketSecret: delivering.ticketSecret,
      requestId: delivering.rowId,
    },
    { account, counted: basis.counted },
  );
  const { execution } = started;
  const ids = { threadId: execution.threadId, executionId: execution.id };
  const fields = { ...record, ...ids, status: "started" as const };
  const { delivery, write } = addDelivery(owner, value.id, fields, basis.earlier);
  const row = auditEntry(owner, {
    id: delivering.rowId,
    at: now,
    actor: { type: "key", id: key.id },
    action: "execution.started",
    subject: execution.id,
    requestId: delivering.rowId,
    facts: { ...started.facts, triggerId: value.id },
    sealedDetails: delivering.sealedDetails,
  });
  // Once a minute, because otherwise all deliveries of one trigger would wait for its document.
  // Nothing starts that was read before the trigger was disabled, changed or deleted.
  const isNoticed = now - (value.lastTriggeredAt ?? 0) < noticedMs;
  const noticed = isNoticed
    ? unchanged(basis.found)
    : patch(ref, { lastTriggeredAt: now, keyId: acting.fromKeyId }, { version });
  const writes = [...started.writes, write, row, noticed];
  return { writes, account: started.account, delivery, started, refusal: null };
}

/** @throws {ApiError} what may succeed when the sender tries again. */
function refused(
  { owner, basis, delivering, now }: Deciding,
  { cause, record }: { readonly cause: ApiError; readonly record: Record },
): DeliveryDecision {
  const pausedReason = pauseReasonOf(cause);
  // Strangers write payloads; one that is too large mustn't keep the next from being taken.
  if (pausedReason === null || cause.code === "PAYLOAD_TOO_LARGE") throw cause;
  const { code, message } = cause;
  const { ref, value, version } = basis.found;
  const fields = { ...record, status: "refused" as const, error: message };
  const { delivery, write } = addDelivery(owner, value.id, fields, basis.earlier);
  const row = auditEntry(owner, {
    id: delivering.rowId,
    at: now,
    actor: { type: "maintenance", id: "triggers" },
    action: "trigger.paused",
    subject: value.id,
    requestId: delivering.rowId,
    facts: { reason: pausedReason, code },
    sealedDetails: null,
  });
  const paused = patch(ref, { enabled: false, pausedReason }, { version });
  return { writes: [write, paused, row], delivery, started: null, refusal: cause };
}

/** @throws {ApiError} if it has no key that may act, or nothing to act in. */
function requireActing({ basis, account }: Deciding) {
  const { acting, environment, agent, found } = basis;
  const { suspendedAt } = account.admission;
  // Refused, it would be paused, and its owner would find it off once the incident is over.
  const isStopped = suspendedAt !== null || holds(account, found.value.environmentId);
  const isHeld = isStopped || acting === "held";
  if (isHeld || (acting !== null && holdsKey(account, acting.key))) {
    throw new ApiError("UNAVAILABLE", { headers: { "retry-after": "600" } });
  }
  if (acting === null || !admits(account.admission, acting.key.id)) {
    throw new PauseRefusal("key", "The key that the trigger acts with has ended.");
  }
  requireScopes(acting.key, startScopes);
  if (environment === null) {
    throw new PauseRefusal("environment", "The trigger's environment is gone.");
  }
  if (found.value.agentId !== null && agent === null) {
    throw new PauseRefusal("agent", "The trigger's agent is gone.");
  }
  return { key: acting.key, acting, environment };
}
