import { incidentBody } from "#shared/answers/incident-body";
import { listBody, listOf, noParams, ok, PageQuery } from "#shared/contract/common";
import { IncidentBody } from "#shared/contract/incident";
import { Phase } from "#shared/core/incidents/phases";
import { query } from "#shared/pipeline/route";
import { incidents } from "#shared/store/incidents";

export const listIncidents = query({
  endpoint: "GET /v1/admin/incidents",
  summary: "Incidents, newest first, each with the time that is left to notify those affected.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: PageQuery.extend({ phase: Phase.optional() }),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: listOf(IncidentBody) },
  read: async ({ query: { limit, offset, phase }, deps }) => {
    const where = phase === undefined ? [] : [["phase", phase] as const];
    const page = { where, orderBy: [["openedAt", "desc"]], limit, offset } as const;
    return await deps.store.page(incidents.all(), page);
  },
  answer({ query: page, data: { items, total }, now }) {
    const bodies = items.map((incident) => incidentBody(incident, now));
    return ok(listBody(bodies, { ...page, total }));
  },
});
