import * as z from "zod";
import { containmentBody, incidentBody } from "#shared/answers/incident-body";
import { noQuery, ok } from "#shared/contract/common";
import { ContainmentBody, IncidentBody } from "#shared/contract/incident";
import { allInOrder } from "#shared/errors/all-in-order";
import { query } from "#shared/pipeline/route";
import { containments } from "#shared/store/containments";
import { incidents } from "#shared/store/incidents";
import { deliveries, deliveryStates } from "#shared/store/notifications";
import { incidentParams } from "./incident-params.ts";

/** More than an incident has; an operator orders each. */
const containmentsMax = 200;

export const getIncident = query({
  endpoint: "GET /v1/admin/incidents/:incidentId",
  summary: "One incident with its steps, containments, and how many were told.",
  authenticate: "operator",
  scope: "none",
  params: incidentParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: {
    200: IncidentBody.extend({
      containments: z.array(ContainmentBody),
      /** How many notifications are in each state. */
      deliveries: z.record(z.string(), z.int()),
    }),
  },
  read: async ({ params: { incidentId }, deps: { store } }) => {
    const where = [["incidentId", incidentId]] as const;
    const [incident, ordered] = await allInOrder([
      store.require(incidents.doc(incidentId)),
      store.findAll(containments.all(), { where, orderBy: [], limit: containmentsMax }),
    ]);
    const counting = deliveryStates.map(async (state) => {
      const filter = { where: [...where, ["state", state] as const], fields: [] };
      return [state, (await store.sum(deliveries.all(), filter)).count] as const;
    });
    const counts = Object.fromEntries(await allInOrder(counting));
    return { incident: incident.value, ordered: ordered.map(({ value }) => value), counts };
  },
  answer({ data: { incident, ordered, counts }, now }) {
    const oldestFirst = ordered.toSorted((one, other) => one.createdAt - other.createdAt);
    const held = oldestFirst.map(containmentBody);
    return ok({ ...incidentBody(incident, now), containments: held, deliveries: counts });
  },
});
