import { exactObject } from "#shared/contract/exact";
import { Note } from "./incident-params.ts";
import { incidentStep } from "./incident-step.ts";

export const noteIncident = incidentStep({
  endpoint: "POST /v1/admin/incidents/:incidentId/notes",
  summary: "Add a note to an incident, for operators alone.",
  audit: "incident.noted",
  body: exactObject({ note: Note }),
  read: async () => null,
  step: (_incident, { body: { note } }) => ({ changes: {}, note, facts: {} }),
});
