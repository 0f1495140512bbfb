import { iso, isoOrNull } from "../contract/common.ts";
import type { ContainmentBody, IncidentBody, OwnersIncidentBody } from "../contract/incident.ts";
import { nextPhases } from "../core/incidents/phases.ts";
import type { Containment } from "../store/containments.ts";
import type { Incident } from "../store/incidents.ts";

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
  };
}
