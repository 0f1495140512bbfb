import { exactObject } from "#shared/contract/exact";
import { Notice } from "#shared/core/incidents/notice";
import { incidentStep } from "./incident-step.ts";

export const writeNotice = incidentStep({
  endpoint: "POST /v1/admin/incidents/:incidentId/notice",
  summary: "Write what those affected are told: nature, data, steps and advice. It isn't sent yet.",
  audit: "incident.notice_written",
  body: exactObject(Notice.shape),
  read: async () => null,
  step: (_incident, { body }) => ({ changes: { notice: body }, note: null, facts: {} }),
});
