import { ownersIncidentBody } from "#shared/answers/incident-body";
import { listBody, listOf, noParams, ok, PageQuery } from "#shared/contract/common";
import { OwnersIncidentBody } from "#shared/contract/incident";
import { allInOrder } from "#shared/errors/all-in-order";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { incidents, ownersIncidents } from "#shared/store/incidents";

export const listIncidents = query({
  endpoint: "GET /v1/incidents",
  summary: "The incidents that concern the account, newest first.",
  ...ownedRead("audit:read"),
  params: noParams,
  query: PageQuery,
  reply: { 200: listOf(OwnersIncidentBody) },
  read: async ({ caller: { owner }, query: { limit, offset }, deps: { store } }) => {
    requireAllEnvironments(owner, "Incidents concern the whole account.");
    const page = { orderBy: [["openedAt", "desc"]], limit, offset } as const;
    const { items, total } = await store.page(ownersIncidents.all(owner), page);
    const found = await allInOrder(items.map(({ id }) => store.get(incidents.doc(id))));
    return { items: found.flatMap(({ value }) => (value ? [value] : [])), total };
  },
  answer: ({ query: page, data: { items, total } }) =>
    ok(listBody(items.map(ownersIncidentBody), { ...page, total })),
});
