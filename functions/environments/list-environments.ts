import { listBody, listOf, noParams, ok, optionalFlag, PageQuery } from "#shared/contract/common";
import { EnvironmentBody } from "#shared/contract/environment";
import {
  nothingAround,
  readBuilds,
  showEnvironment,
} from "#shared/environments/shown-environments";
import { allInOrder } from "#shared/errors/all-in-order";
import { busyEnvironments } from "#shared/executions/busy-environments";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";

export const listEnvironments = query({
  endpoint: "GET /v1/environments",
  summary: "The account's environments: the default one first, then the newest.",
  ...ownedRead("environments:read"),
  params: noParams,
  query: PageQuery.extend({ isDefault: optionalFlag, isActive: optionalFlag }),
  reply: { 200: listOf(EnvironmentBody) },
  read: async ({ caller: { owner }, query, deps }) => {
    // Deleted environments are gone, so there are only active ones.
    if (query.isActive === false)
      return { items: [], hasMore: false, total: 0, around: nothingAround };
    const [page, busy] = await allInOrder([
      deps.store.page(environments.all(owner), {
        where: query.isDefault === undefined ? [] : [["isDefault", query.isDefault]],
        orderBy: [
          ["isDefault", "desc"],
          ["createdAt", "desc"],
        ],
        limit: query.limit,
        offset: query.offset,
      }),
      busyEnvironments(deps.store, owner),
    ]);
    return { ...page, around: { busy, builds: await readBuilds(deps.store, owner, page.items) } };
  },
  answer({ caller, query, data }) {
    const bodies = data.items.map((environment) =>
      showEnvironment(caller.owner, environment, data.around),
    );
    return ok(listBody(bodies, { ...query, total: data.total }));
  },
});
