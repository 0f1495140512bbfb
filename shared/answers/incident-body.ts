import { iso, isoOrNull } from "../contract/common.ts";
import type {
  ContainmentBody,
  DeliveryBody,
  IncidentBody,
  OwnersIncidentBody,
} from "../contract/incident.ts";
import { noticeDrafts } from "../core/incidents/notice.ts";
import { nextPhases } from "../core/incidents/phases.ts";
import type { Containment } from "../store/containments.ts";
import type { Incident } from "../store/incidents.ts";
import type { Delivery } from "../store/notifications.ts";
import { shownTarget } from "./notification-body.ts";

/** An incident as operators see it. */
export function incidentBody(incident: Incident, now: number): IncidentBody {
  const { id, source, title, subject, amount, phase, assignee, ownerIds, notifyBy } = incident;
  return {
    ...{ id, source, title, subject, amount, phase, assignee, ownerIds },
    nextPhases: [...nextPhases[phase]],
    openedAt: iso(incident.openedAt),
    lastAt: iso(incident.lastAt),
    closedAt: isoOrNull(incident.closedAt),
    notifyBy: iso(notifyBy),
    notifySecondsLeft: Math.floor((notifyBy - now) / 1_000),
    notifiedAt: isoOrNull(incident.notifiedAt),
    notice: incident.notice ?? noticeDrafts[source],
    noticeIsDraft: incident.notice === null,
    steps: incident.steps.map((step) => ({ ...step, at: iso(step.at) })),
  };
}

/** An incident as an owner sees it whom it concerns. */
export function ownersIncidentBody(incident: Incident): OwnersIncidentBody {
  const { id, source, title, subject, phase, openedAt, lastAt, closedAt } = incident;
  return {
    ...{ id, source, phase },
    // An operator's own words may name others.
    title: source === "reported" ? "An incident that concerns your account" : title,
    keyId: subject?.startsWith("key_") === true ? subject : null,
    openedAt: iso(openedAt),
    lastAt: iso(lastAt),
    closedAt: isoOrNull(closedAt),
    notice: incident.notifiedAt === null ? null : incident.notice,
  };
}

export function deliveryBody(delivery: Delivery): DeliveryBody {
  const { id, ownerId, incidentId, channel, isEarlier, state, attempts } = delivery;
  return {
    ...{ id, ownerId, incidentId, channel, target: shownTarget(delivery), isEarlier, state },
    targetSince: isoOrNull(delivery.targetSince),
    createdAt: iso(delivery.createdAt),
    confirmedAt: isoOrNull(delivery.confirmedAt),
    nextAttemptAt: isoOrNull(delivery.dueAt),
    attempts: attempts.map((attempt) => ({ ...attempt, at: iso(attempt.at) })),
  };
}

export function containmentBody(containment: Containment): ContainmentBody {
  const { id, incidentId, target, ownerId, subject, by, createdAt, releasedAt, dueAt } =
    containment;
  return {
    ...{ id, incidentId, target, ownerId, subject, by },
    createdAt: iso(createdAt),
    releasedAt: isoOrNull(releasedAt),
    isDone: dueAt === null,
    keyIds: containment.keyIds,
    failedUserIds: containment.failedOwnerIds,
  };
}
