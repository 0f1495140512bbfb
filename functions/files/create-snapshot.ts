import * as z from "zod";
import { snapshotBody } from "#shared/answers/snapshot-body";
import { created, noQuery } from "#shared/contract/common";
import { SnapshotCreate, SnapshotMadeBody } from "#shared/contract/snapshot";
import { idSchema } from "#shared/core/ids";
import { type ChangeRoute, change, jsonBytesMax } from "#shared/pipeline/route";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import { patch } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { workspaceSnapshots } from "#shared/store/snapshots";
import { makeSnapshot } from "#shared/workspace/snapshot-changes";

const nothingChanged = { files: [], changedCount: 0 };

function snapshotRoute(
  endpoint: `POST /v1/environments/:environmentId/${string}`,
  summary: string,
  { isFirst }: { readonly isFirst: boolean },
): ChangeRoute {
  return change({
    endpoint,
    summary,
    authenticate: "api-key",
    scope: "environments:write",
    params: z.object({ environmentId: idSchema("environment") }),
    query: noQuery,
    body: SnapshotCreate,
    bodyBytesMax: jsonBytesMax,
    requestClass: "writes",
    beforeConfirmed: "reads",
    account: "none",
    audit: "snapshot.created",
    reply: { 201: SnapshotMadeBody },
    read: async ({ caller: { owner }, params: { environmentId }, deps: { store } }) => {
      const environment = await store.require(environments.of(owner, environmentId));
      const newest = environment.value.snapshotIds.at(-1);
      const ref = newest === undefined ? null : workspaceSnapshots.of(owner, newest);
      return { environment, newest: ref && (await store.get(ref)).value };
    },
    decide({ caller: { owner }, body, data: { environment, newest }, ids, now }) {
      const { ref, value, version } = environment;
      if (isFirst && newest !== null) {
        const shown = { environmentId: value.id, snapshot: snapshotBody(newest) };
        return { writes: [], reply: created(shown) };
      }
      const made = makeSnapshot(owner, value, {
        head: value.workspace,
        changes: nothingChanged,
        origin: {
          id: ids.next("snapshot"),
          title: body.title ?? "Snapshot",
          source: "manual",
          now,
        },
      });
      requireEnvironmentRoom({ ...value, ...made.fields }, value);
      return {
        writes: [patch(ref, { ...made.fields, updatedAt: now }, { version }), ...made.writes],
        subject: value.id,
        facts: { snapshotId: made.snapshot.id },
        reply: created({ environmentId: value.id, snapshot: snapshotBody(made.snapshot) }),
      };
    },
  });
}

export const initializeSnapshots = snapshotRoute(
  "POST /v1/environments/:environmentId/snapshots/initialize",
  "Keep snapshots from now on: one of the files as they are, and one for each change of them.",
  { isFirst: true },
);

export const createSnapshot = snapshotRoute(
  "POST /v1/environments/:environmentId/snapshots",
  "Make a snapshot of the files as they are.",
  { isFirst: false },
);
