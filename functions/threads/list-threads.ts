import * as z from "zod";
import { projectOf } from "#shared/answers/project-of";
import { threadBody } from "#shared/answers/thread-body";
import { noParams, ok } from "#shared/contract/common";
import { cursorListBody, cursorListOf, cursorQuery, notBoth } from "#shared/contract/cursor";
import { from } from "#shared/contract/instants";
import { shownStatuses, ThreadBody } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { namesOfThreads } from "#shared/executions/thread-names";
import type { Owner } from "#shared/identity/owner";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";
import { environments } from "#shared/store/environments";
import type { PageRequest } from "#shared/store/queries";
import { readByCursor } from "#shared/store/read-by-cursor";
import { threads } from "#shared/store/threads";

const ThreadsQuery = cursorQuery("thread").extend({
  environmentId: idSchema("environment").optional(),
  agentId: idSchema("agent").optional(),
  status: z.enum(shownStatuses).optional(),
  /** `none` for threads without a project. */
  projectId: z.string().max(100).optional(),
  appId: z.string().max(100).optional(),
  createdAfter: from,
});
type ThreadsQuery = z.output<typeof ThreadsQuery>;

export const listThreads = query({
  endpoint: "GET /v1/threads",
  summary: "The account's threads, newest first, by any of the filters.",
  ...ownedRead("threads:read"),
  params: noParams,
  query: ThreadsQuery.refine(...notBoth),
  reply: { 200: cursorListOf(ThreadBody) },
  read: async ({ caller: { owner }, query, deps: { store } }) => {
    const { limit, offset, cursor, createdAfter, environmentId, agentId } = query;
    const [page] = await allInOrder([
      readByCursor(store, threads.all(owner), {
        where: filtersOf(owner, query),
        between: { field: "createdAt", from: createdAfter, to: undefined },
        order: "desc",
        limit,
        offset,
        cursor,
      }),
      // An id of another owner is answered 404, as everywhere.
      environmentId === undefined ? null : store.require(environments.of(owner, environmentId)),
      agentId === undefined ? null : store.require(agents.of(owner, agentId)),
    ]);
    return { page, namesOf: await namesOfThreads(store, owner, page.items) };
  },
  answer({ caller: { owner }, data: { page, namesOf } }) {
    const bodyOf = (thread: (typeof page.items)[number]) =>
      threadBody(thread, { ...namesOf(thread), ownerId: owner.id });
    return ok(cursorListBody(page, bodyOf));
  },
});

function filtersOf(owner: Owner, query: ThreadsQuery): NonNullable<PageRequest["where"]> {
  const { environmentId, agentId, status, projectId, appId } = query;
  const isOwn = projectId === "none" || projectId === projectOf(owner.id);
  const isArchived = status === "archived";
  const filters = {
    environmentId,
    agentId,
    status: isArchived ? undefined : status,
    archived: isArchived ? true : undefined,
    projectId: isOwn ? null : projectId,
    appId,
  };
  return Object.entries(filters).flatMap(([field, value]) =>
    value === undefined ? [] : [[field, value] as const],
  );
}
