import { listBody, listOf, noParams, ok, optionalFlag, PageQuery } from "#shared/contract/common";
import { EnvironmentBody, environmentBody } from "#shared/contract/environment";
import { route } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";

export const listEnvironments = route({
  answers: "GET /v1/environments",
  summary: "The account's environments: the default one first, then the newest.",
  authenticate: "api-key",
  scope: "environments:read",
  params: noParams,
  query: PageQuery.extend({ isDefault: optionalFlag }),
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: listOf(EnvironmentBody) },
  read: async ({ caller, query, deps }) =>
    await deps.store.page(environments.all(caller.owner), {
      where: query.isDefault === undefined ? [] : [["isDefault", query.isDefault]],
      orderBy: [
        ["isDefault", "desc"],
        ["createdAt", "desc"],
      ],
      limit: query.limit,
      offset: query.offset,
    }),
  decide({ caller, query, data }) {
    const bodies = data.items.map((environment) => environmentBody(environment, caller.owner.id));
    return { writes: [], reply: ok(listBody(bodies, { ...query, total: data.total })) };
  },
});
