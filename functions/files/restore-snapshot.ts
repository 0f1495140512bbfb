import { snapshotBody } from "#shared/answers/snapshot-body";
import { noQuery, ok } from "#shared/contract/common";
import { SnapshotRestored } from "#shared/contract/snapshot";
import { emptyManifest } from "#shared/core/workspace/manifest";
import { readBuilds, showEnvironment } from "#shared/environments/shown-environments";
import { snapshotParams } from "#shared/environments/snapshot-params";
import { allInOrder } from "#shared/errors/all-in-order";
import { busyEnvironments } from "#shared/executions/busy-environments";
import { change } from "#shared/pipeline/route";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import { patch } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { inManifestTurn } from "#shared/workspace/manifest-turn";
import { requireRoom } from "#shared/workspace/manifests";
import { requireSnapshot } from "#shared/workspace/require-snapshot";
import { makeSnapshot } from "#shared/workspace/snapshot-changes";

export const restoreSnapshot = change({
  endpoint: "POST /v1/environments/:environmentId/snapshots/:snapshotId/restore",
  summary: "Make the files what they were; what they are now stays as a snapshot's base.",
  authenticate: "api-key",
  // The answer shows the environment with its variables, which `files:write` alone may not see.
  scope: "environments:write",
  params: snapshotParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "writes",
  beforeConfirmed: "nothing",
  account: "none",
  audit: "snapshot.restored",
  refusals: ["WORKSPACE_FULL"],
  reply: { 200: SnapshotRestored },
  read: async ({ caller: { owner }, params, deps: { store } }) => {
    const { environmentId } = params;
    const [environment, snapshot, busy] = await allInOrder([
      store.require(environments.of(owner, environmentId)),
      requireSnapshot(store, owner, params),
      busyEnvironments(store, owner, environmentId),
    ]);
    const builds = await readBuilds(store, owner, [environment.value]);
    return { environment, snapshot: snapshot.value, around: { busy, builds } };
  },
  prepare: async ({ caller: { owner }, data, signal }) => {
    const { environment, snapshot } = data;
    const changes = await inManifestTurn(owner, signal, async (turn) => {
      const { manifest } = await turn.readFilesOf(environment.value);
      const sha256 = snapshot.head?.manifestSha256 ?? null;
      const next = sha256 === null ? emptyManifest : await turn.read(sha256);
      const before = await turn.footprint(manifest);
      requireRoom(environment.value, before, await turn.footprint(next));
      return await turn.changes(manifest, next);
    });
    return { ...data, changes };
  },
  decide({ caller: { owner }, data, ids, now }) {
    const { environment, snapshot, changes, around } = data;
    const { ref, value, version } = environment;
    const previousManifestSha256 = value.workspace?.manifestSha256 ?? null;
    const head = snapshot.head && { ...snapshot.head, previousManifestSha256 };
    const made = makeSnapshot(owner, value, {
      head,
      changes,
      origin: {
        id: ids.next("snapshot"),
        title: `Restored ${snapshot.title}`,
        source: "restore",
        now,
      },
    });
    const fields = { workspace: head, ...made.fields, updatedAt: now };
    requireEnvironmentRoom({ ...value, ...fields }, value);
    return {
      writes: [patch(ref, fields, { version }), ...made.writes],
      subject: value.id,
      facts: { snapshotId: snapshot.id, manifestSha256: head?.manifestSha256 ?? null },
      reply: ok({
        environment: showEnvironment(owner, { ...value, ...fields }, around),
        snapshot: snapshotBody(made.snapshot),
        sourceSnapshotId: snapshot.id,
      }),
    };
  },
});
