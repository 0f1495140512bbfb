import * as z from "zod";
import { exactObject } from "#shared/contract/exact";
import { Note } from "./incident-params.ts";
import { incidentStep } from "./incident-step.ts";
import { readNamedOperator } from "./operator-body.ts";

export const assignIncident = incidentStep({
  endpoint: "POST /v1/admin/incidents/:incidentId/assign",
  summary: "Assign an incident to an operator.",
  audit: "incident.assigned",
  body: exactObject({ email: z.email().max(320), note: Note.optional() }),
  read: async (deps, { email }) => (await readNamedOperator(deps, { email })).value,
  step: (_incident, { body: { note = null }, data: { id: assignee } }) => ({
    changes: { assignee },
    note,
    facts: { assignee },
  }),
});
