import { deliveryBody } from "#shared/answers/incident-body";
import { listBody, listOf, ok, PageQuery } from "#shared/contract/common";
import { DeliveryBody } from "#shared/contract/incident";
import { query } from "#shared/pipeline/route";
import { deliveries } from "#shared/store/notifications";
import { incidentParams } from "./incident-params.ts";

export const listDeliveries = query({
  endpoint: "GET /v1/admin/incidents/:incidentId/deliveries",
  summary: "Who was told of an incident, by which channel, and each attempt.",
  authenticate: "operator",
  scope: "none",
  params: incidentParams,
  query: PageQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: listOf(DeliveryBody) },
  read: async ({ params: { incidentId }, query: { limit, offset }, deps }) => {
    const where = [["incidentId", incidentId]] as const;
    return await deps.store.page(deliveries.all(), { where, orderBy: [], limit, offset });
  },
  answer: ({ query: page, data: { items, total } }) =>
    ok(listBody(items.map(deliveryBody), { ...page, total })),
});
