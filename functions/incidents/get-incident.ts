import * as z from "zod";
import { ownersIncidentBody } from "#shared/answers/incident-body";
import { ok } from "#shared/contract/common";
import { OwnersIncidentBody } from "#shared/contract/incident";
import { idSchema } from "#shared/core/ids";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { incidents, ownersIncidents } from "#shared/store/incidents";
import { requireFound } from "#shared/store/read-document";

export const getIncident = query({
  endpoint: "GET /v1/incidents/:incidentId",
  summary: "One incident that concerns the account.",
  ...ownedRead("audit:read"),
  params: z.object({ incidentId: idSchema("incident") }),
  reply: { 200: z.object({ incident: OwnersIncidentBody }) },
  read: async ({ caller: { owner }, params: { incidentId }, deps: { store } }) => {
    requireAllEnvironments(owner, "Incidents concern the whole account.");
    const [own, incident] = await store.getAll(
      ownersIncidents.of(owner, incidentId),
      incidents.doc(incidentId),
    );
    requireFound(own);
    return requireFound(incident).value;
  },
  answer: ({ data }) => ok({ incident: ownersIncidentBody(data) }),
});
