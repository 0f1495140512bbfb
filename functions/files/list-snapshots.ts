import * as z from "zod";
import { snapshotBody } from "#shared/answers/snapshot-body";
import { iso, listBody, listOf, noQuery, ok, PageQuery } from "#shared/contract/common";
import {
  type ChangeOperation,
  ChangesBody,
  ChangesQuery,
  changeIdOf,
  SnapshotBody,
  SnapshotDeleted,
} from "#shared/contract/snapshot";
import { idSchema } from "#shared/core/ids";
import { nameOf } from "#shared/core/workspace/tree-order";
import { snapshotParams } from "#shared/environments/snapshot-params";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { threadTitles } from "#shared/executions/thread-titles";
import type { Owner } from "#shared/identity/owner";
import { change, query } from "#shared/pipeline/route";
import { scheduleSweep } from "#shared/quotas/schedule-sweep";
import { agents } from "#shared/store/agents";
import { patch, remove } from "#shared/store/documents";
import { eachNewest } from "#shared/store/each-newest";
import { environments } from "#shared/store/environments";
import { pageBytesMax, pageTooLarge, requireFittingPage } from "#shared/store/read-page";
import { snapshotsMax, type WorkspaceSnapshot, workspaceSnapshots } from "#shared/store/snapshots";
import type { ReadStore } from "#shared/store/store";
import { readAround, rebasedChild } from "#shared/workspace/rebase-snapshot";
import { requireSnapshot } from "#shared/workspace/require-snapshot";

const params = z.object({ environmentId: idSchema("environment") });

export const listSnapshots = query({
  endpoint: "GET /v1/environments/:environmentId/snapshots",
  summary: "The environment's snapshots, newest first.",
  authenticate: "api-key",
  scope: "environments:read",
  params,
  query: PageQuery.extend({ limit: PageQuery.shape.limit.default(100) }),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: listOf(SnapshotBody) },
  read: async ({ caller: { owner }, params: { environmentId }, query, deps: { store } }) => {
    const [, page] = await allInOrder([
      store.require(environments.of(owner, environmentId)),
      store.page(workspaceSnapshots.all(owner), {
        where: [["environmentId", environmentId]],
        orderBy: [["createdAt", "desc"]],
        ...query,
      }),
    ]);
    return page;
  },
  answer: ({ query, data: { items, total } }) =>
    ok(listBody(items.map(snapshotBody), { ...query, total })),
});

export const deleteSnapshot = change({
  endpoint: "DELETE /v1/environments/:environmentId/snapshots/:snapshotId",
  summary: "Delete a snapshot for good; what only it kept is erased within a day.",
  authenticate: "api-key",
  scope: "environments:write",
  params: snapshotParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "snapshot.deleted",
  reply: { 200: SnapshotDeleted },
  read: async ({ caller: { owner }, params: { environmentId, snapshotId }, deps: { store } }) => {
    const [environment, snapshot] = await allInOrder([
      store.require(environments.of(owner, environmentId)),
      requireSnapshot(store, owner, { environmentId, snapshotId }),
    ]);
    const around = await readAround(store, owner, { environment: environment.value, snapshotId });
    return { environment, snapshot, around };
  },
  prepare: async ({ caller: { owner }, data, signal }) => ({
    ...data,
    rebased: await rebasedChild(owner, data, signal),
  }),
  decide({ params: { snapshotId: id }, data: { environment, snapshot, around, rebased }, now }) {
    const { ref, value, version } = environment;
    const snapshotIds = value.snapshotIds.filter((each) => each !== id);
    const message = "The snapshot is deleted: what only it kept is erased within a day.";
    const { child } = around;
    return {
      writes: [
        patch(ref, { snapshotIds, updatedAt: now }, { version }),
        remove(snapshot.ref, snapshot.version),
        ...(child && rebased ? [patch(child.ref, rebased, { version: child.version })] : []),
      ],
      subject: value.id,
      facts: { snapshotId: id },
      reply: ok({
        ...{ success: true as const, deleted: true as const, erased: false as const },
        ...{ id, snapshotId: id, message },
      }),
    };
  },
  // If this process dies here, the next thing that is stored has the sweep look for it.
  after: async ({ caller: { owner }, deps }) => await scheduleSweep(deps, owner),
});

export const listChanges = query({
  endpoint: "GET /v1/environments/:environmentId/changes",
  summary: "What changed the environment's files since it keeps snapshots, newest first.",
  authenticate: "api-key",
  scope: "environments:read",
  params,
  query: ChangesQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: ChangesBody },
  read: async ({ caller, params: { environmentId }, query, deps: { store } }) => {
    const { owner } = caller;
    const [, , { shown, total }] = await allInOrder([
      store.require(environments.of(owner, environmentId)),
      requireAgent(store, owner, query.agentId),
      readChanges(store, owner, { environmentId, query }),
    ]);
    const ids = shown.flatMap(({ threadId }) => threadId ?? []);
    const titles = await threadTitles(store, caller, ids);
    return { shown, titles, total };
  },
  answer({ query: { limit, offset, operation }, data: { shown, titles, total } }) {
    const data = shown.map((each) => changeBody(each, { titles, operation }));
    requireFittingPage(data);
    const hasMore = offset + shown.length < total;
    return ok({ object: "list", limit, offset, total, hasMore, data });
  },
});

/**
 * The changes of a page, and how many there are in all. Each may list a quarter of a megabyte of
 * paths, so those that aren't shown are let go as they are read (TEN-2).
 * @throws {ApiError} `VALIDATION_FAILED`, naming a limit that fits, if the page is too large.
 */
async function readChanges(
  store: Pick<ReadStore, "walk">,
  owner: Owner,
  { environmentId, query }: { readonly environmentId: string; readonly query: Asked },
): Promise<{ readonly shown: readonly WorkspaceSnapshot[]; readonly total: number }> {
  const shown: WorkspaceSnapshot[] = [];
  let [total, bytes] = [0, 0];
  const asked = { where: [["environmentId", environmentId]], max: snapshotsMax } as const;
  await eachNewest(store, workspaceSnapshots.all(owner), asked, (value) => {
    if (!isAskedFor(value, query)) return;
    total += 1;
    if (total <= query.offset || shown.length === query.limit) return;
    const body = changeBody(value, { titles: new Map(), operation: query.operation });
    bytes += Buffer.byteLength(JSON.stringify(body));
    if (bytes > pageBytesMax && shown.length > 0) throw pageTooLarge(shown.length);
    shown.push(value);
  });
  return { shown, total };
}

/** @throws {ApiError} `NOT_FOUND` if the filter names no agent of the owner. */
async function requireAgent(store: ReadStore, owner: Owner, id: string | undefined) {
  if (id === undefined) return;
  if (!idSchema("agent").safeParse(id).success) throw new ApiError("NOT_FOUND");
  await store.require(agents.of(owner, id));
}

type Asked = z.output<typeof ChangesQuery>;

function isAskedFor(
  snapshot: WorkspaceSnapshot,
  { projectId, agentId, operation }: Asked,
): boolean {
  if (snapshot.changedCount === 0) return false;
  if (projectId !== undefined && projectId !== (snapshot.projectId ?? "none")) return false;
  if (agentId !== undefined && agentId !== snapshot.agentId) return false;
  return filesOf(snapshot, operation).length > 0;
}

function filesOf(snapshot: WorkspaceSnapshot, asked: readonly ChangeOperation[] | undefined) {
  const isUpload = snapshot.source === "upload";
  const all = snapshot.files.map((file) => {
    const isKept = file.changeKind === "deleted" || !isUpload;
    const operation: ChangeOperation = isKept ? file.changeKind : "uploaded";
    return { ...file, operation };
  });
  return asked === undefined ? all : all.filter(({ operation }) => asked.includes(operation));
}

function changeBody(
  snapshot: WorkspaceSnapshot,
  {
    titles,
    operation,
  }: {
    readonly titles: ReadonlyMap<string, string | null>;
    readonly operation: readonly ChangeOperation[] | undefined;
  },
): z.input<typeof ChangesBody>["data"][number] {
  const { id, environmentId, title, threadId, projectId, agentId, changedCount } = snapshot;
  return {
    id: changeIdOf(id),
    snapshotId: id,
    environmentId,
    createdAt: iso(snapshot.createdAt),
    title,
    sourceKind: threadId === null ? "manual" : "thread",
    sourceThreadId: threadId,
    threadTitle: (threadId && titles.get(threadId)) ?? null,
    ...{ routeSource: null, sourceStepId: null, stepTitle: null },
    ...{ projectId, projectName: null, agentId, agentName: null },
    ...{ additions: null, deletions: null },
    files: filesOf(snapshot, operation).map((file) => ({
      ...file,
      name: nameOf(file.path),
      ...{ previousPath: null, additions: null, deletions: null, diff: null, fileContent: null },
    })),
    changedCount,
  };
}
