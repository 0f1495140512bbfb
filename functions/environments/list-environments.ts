import * as z from "zod";
import { projectOf } from "#shared/answers/project-of";
import { listBody, listOf, noParams, ok, optionalFlag, PageQuery } from "#shared/contract/common";
import { EnvironmentBody } from "#shared/contract/environment";
import { unsupported } from "#shared/contract/unsupported";
import {
  nothingAround,
  readBuilds,
  showEnvironment,
} from "#shared/environments/shown-environments";
import { allInOrder } from "#shared/errors/all-in-order";
import { busyEnvironments } from "#shared/executions/busy-environments";
import type { Owner } from "#shared/identity/owner";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";

export const listEnvironments = query({
  endpoint: "GET /v1/environments",
  summary: "The account's environments: the default one first, then the newest.",
  ...ownedRead("environments:read"),
  params: noParams,
  query: PageQuery.extend({
    isDefault: optionalFlag,
    isActive: optionalFlag,
    /** `none` for environments without a project. */
    projectId: z.string().max(100).optional(),
    appId: z.string().max(100).optional(),
    status: unsupported("isn't taken here: a page's environments each show their status"),
  }),
  reply: { 200: listOf(EnvironmentBody) },
  read: async ({ caller: { owner }, query, deps }) => {
    if (!mayHold(owner, query))
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

interface Filters {
  readonly isActive?: boolean | undefined;
  readonly projectId?: string | undefined;
  readonly appId?: string | undefined;
}

/**
 * Whether an environment can pass the filters that judge all alike: deleted ones are gone, all are
 * of the account's one project, and none belongs to an app.
 */
function mayHold(owner: Owner, { isActive, projectId, appId }: Filters): boolean {
  const isOwn = projectId === undefined || ["none", projectOf(owner.id)].includes(projectId);
  return isActive !== false && isOwn && appId === undefined;
}
