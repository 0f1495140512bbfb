import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import type { ChangedFiles } from "#shared/core/workspace/changed-files";
import type { Manifest } from "#shared/core/workspace/manifest";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { change, type Deps, jsonBytesMax } from "#shared/pipeline/route";
import { patch } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import type { FoundDocument } from "#shared/store/read-document";
import { inManifestTurn } from "#shared/workspace/manifest-turn";
import { requireRoom } from "#shared/workspace/manifests";
import {
  changesForSnapshot,
  recordChange,
  type SnapshotOrigin,
} from "#shared/workspace/snapshot-changes";
import { moveSteps, newFolderSteps } from "./move-entries.ts";
import { requirePathInWorkspace, withoutSlashes } from "./upload-path.ts";

const Path = z.string().min(1).max(4_096);

const shared = {
  authenticate: "api-key",
  scope: "files:write",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "nothing",
  account: "none",
} as const;
const refusals = ["INVALID_PATH", "QUOTA_REACHED", "WORKSPACE_FULL"] as const;
const Answered = { success: z.literal(true), environmentId: z.string() };

type FoundEnvironment = FoundDocument<typeof environments.schema>;

export const makeFolder = change({
  ...shared,
  repeating: "harmless",
  refusals,
  endpoint: "POST /v1/environments/:environmentId/files/mkdir",
  summary: "Make a folder and those above it; one that is there already is fine.",
  body: z.object({ path: Path }),
  audit: "file.folder_made",
  reply: { 200: z.object({ ...Answered, path: z.string() }) },
  read: async ({ caller: { owner }, params, body, deps }) => ({
    environment: await deps.store.require(environments.of(owner, params.environmentId)),
    path: requirePathInWorkspace(withoutSlashes(body.path)),
  }),
  prepare: async ({ caller: { owner }, data, deps, now, signal }) => {
    const { path } = data;
    const change = (manifest: Manifest) => newFolderSteps(manifest, { path, now });
    return { ...data, changed: await storeChanged(deps, owner, { ...data, change, signal }) };
  },
  decide({ caller: { owner }, params: { environmentId }, data, ids, now }) {
    const { environment, changed, path } = data;
    const origin = {
      id: ids.next("snapshot"),
      title: `Made ${path}`,
      source: "folder",
      now,
    } as const;
    return {
      ...arranged(owner, environment, { changed, origin }),
      reply: ok({ success: true as const, path, environmentId }),
    };
  },
});

export const moveFile = change({
  ...shared,
  refusals: [...refusals, "CONFLICT"],
  endpoint: "POST /v1/environments/:environmentId/files/move",
  summary: "Move a file, or a folder with its contents; nothing that is there is replaced.",
  body: z.object({ sourcePath: Path, destPath: Path }),
  audit: "file.moved",
  reply: { 200: z.object({ ...Answered, sourcePath: z.string(), destPath: z.string() }) },
  read: async ({ caller: { owner }, params, body, deps }) => ({
    environment: await deps.store.require(environments.of(owner, params.environmentId)),
    from: requirePathInWorkspace(withoutSlashes(body.sourcePath)),
    to: requirePathInWorkspace(withoutSlashes(body.destPath)),
  }),
  prepare: async ({ caller: { owner }, data, deps, signal }) => {
    const change = function* (manifest: Manifest) {
      const next = yield* moveSteps(manifest, data);
      if (next) return next.entries === manifest.entries ? null : next;
      throw new ApiError("NOT_FOUND", { message: "There is no such file or folder." });
    };
    return { ...data, changed: await storeChanged(deps, owner, { ...data, change, signal }) };
  },
  decide({ caller: { owner }, params: { environmentId }, data, ids, now }) {
    const { environment, changed, from: sourcePath, to: destPath } = data;
    const title = `Moved ${sourcePath} to ${destPath}`;
    const origin = { id: ids.next("snapshot"), title, source: "move", now } as const;
    return {
      ...arranged(owner, environment, { changed, origin }),
      reply: ok({ success: true as const, environmentId, sourcePath, destPath }),
    };
  },
});

interface Changed {
  readonly head: NonNullable<FoundEnvironment["value"]["workspace"]>;
  /** What the snapshot says; null if the environment keeps none. */
  readonly changes: ChangedFiles | null;
}

/** @returns Null if `change` changes nothing. */
async function storeChanged(
  deps: Deps,
  owner: Owner,
  how: {
    readonly environment: FoundEnvironment;
    readonly change: (manifest: Manifest) => Generator<void, Manifest | null>;
    readonly signal: AbortSignal;
  },
): Promise<Changed | null> {
  const { environment, signal } = how;
  return await inManifestTurn(owner, signal, async (turn) => {
    const base = await turn.readFilesOf(environment.value);
    const next = await turn.change(how.change(base.manifest));
    if (next === null) return null;
    const before = await turn.footprint(base.manifest);
    requireRoom(environment.value, before, await turn.footprint(next));
    const changes = await changesForSnapshot(turn, environment.value, next);
    return { head: await turn.store(deps, next, base.sha256), changes };
  });
}

function arranged(
  owner: Owner,
  { ref, value, version }: FoundEnvironment,
  { changed, origin }: { readonly changed: Changed | null; readonly origin: SnapshotOrigin },
) {
  const subject = value.id;
  if (changed === null) return { writes: [], subject };
  const { head } = changed;
  const recorded = recordChange(owner, value, { ...changed, origin });
  const next = { workspace: head, ...recorded.fields, updatedAt: origin.now };
  return {
    writes: [patch(ref, next, { version }), ...recorded.writes],
    subject,
    facts: { manifestSha256: head.manifestSha256 },
  };
}
