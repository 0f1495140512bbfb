import { exactObject } from "#shared/contract/exact";
import { mayMove, nextPhases, Phase } from "#shared/core/incidents/phases";
import { ApiError } from "#shared/errors/api-error";
import { reminderOf } from "#shared/incidents/open-incident";
import { containments } from "#shared/store/containments";
import { everybody, freezeEvidence, thawEvidence } from "#shared/store/evidence-freezes";
import { Note } from "./incident-params.ts";
import { incidentStep } from "./incident-step.ts";

/** A commit has room for 400 writes. */
const frozenMax = 300;

export const moveIncident = incidentStep({
  endpoint: "POST /v1/admin/incidents/:incidentId/move",
  summary:
    "Move an incident to another phase. Closing it needs that nothing is contained any more.",
  audit: "incident.moved",
  body: exactObject({ phase: Phase, note: Note.optional() }),
  read: async ({ store }, { phase }, incident) => {
    // What was frozen is thawed when it is closed, and frozen again when it is reopened.
    if (phase !== "closed" && incident.phase !== "closed") return [];
    const where = [["incidentId", incident.id]] as const;
    const ordered = await store.findAll(containments.all(), {
      where,
      orderBy: [],
      limit: frozenMax,
    });
    return ordered.map(({ value }) => value);
  },
  step(incident, { body: { phase, note = null }, data: ordered, now }) {
    const { phase: from, assignee, id } = incident;
    const closing = phase === "closed";
    if (!mayMove(from, phase)) {
      const message = `From ${from} it goes on to ${nextPhases[from].join(" or ")}.`;
      throw new ApiError("CONFLICT", { message, details: { nextPhases: nextPhases[from] } });
    }
    if (assignee === null) {
      throw new ApiError("CONFLICT", { message: "Assign the incident to somebody first." });
    }
    if (closing && ordered.some(({ releasedAt, dueAt }) => releasedAt === null || dueAt !== null)) {
      throw new ApiError("CONFLICT", { message: "Release what the incident contains first." });
    }
    const frozen = new Set(ordered.map(({ ownerId }) => ownerId ?? everybody));
    const reopened = from === "closed" ? { remindAt: reminderOf(incident, now) } : {};
    return {
      changes: closing
        ? { phase, closedAt: now, remindAt: null }
        : { phase, closedAt: null, ...reopened },
      note,
      facts: { from },
      writes: [...frozen].map((ownerId) =>
        closing ? thawEvidence(ownerId, id) : freezeEvidence(ownerId, id, now),
      ),
    };
  },
});
