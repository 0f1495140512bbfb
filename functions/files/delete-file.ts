import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { entryAt } from "#shared/core/workspace/tree-order";
import { ApiError } from "#shared/errors/api-error";
import { change } from "#shared/pipeline/route";
import { patch } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { inManifestTurn } from "#shared/workspace/manifest-turn";
import { changesForSnapshot, recordChange } from "#shared/workspace/snapshot-changes";
import { withoutSteps } from "./change-files.ts";
import { requireCurrent } from "./file-etag.ts";
import { requirePathInWorkspace, withoutSlashes } from "./upload-path.ts";

export const deleteFile = change({
  endpoint: "DELETE /v1/environments/:environmentId/files/*",
  summary: "Delete a file, or a folder with its contents, from the workspace.",
  authenticate: "api-key",
  scope: "files:write",
  params: z.object({ environmentId: idSchema("environment"), "*": z.string() }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "writes",
  beforeConfirmed: "nothing",
  account: "none",
  audit: "file.deleted",
  preconditions: "honoured",
  refusals: ["INVALID_PATH", "QUOTA_REACHED", "WORKSPACE_FULL"],
  reply: {
    200: z.object({
      success: z.literal(true),
      environmentId: z.string(),
      filePath: z.string(),
    }),
  },
  read: async ({ caller: { owner }, params, deps }) => {
    const environment = await deps.store.require(environments.of(owner, params.environmentId));
    return { environment, path: requirePathInWorkspace(withoutSlashes(params["*"])) };
  },
  prepare: async ({ caller: { owner }, data: { environment, path }, request, deps, signal }) => {
    const { head, changes } = await inManifestTurn(owner, signal, async (turn) => {
      const base = await turn.readFilesOf(environment.value);
      const next = await turn.change(withoutSteps(base.manifest, path));
      if (next === null) {
        throw new ApiError("NOT_FOUND", { message: "There is no such file or folder." });
      }
      requireCurrent(request, entryAt(base.manifest.entries, path) ?? "folder");
      // Removing something from a workspace is never refused for lack of room.
      const changes = await changesForSnapshot(turn, environment.value, next);
      return { head: await turn.store(deps, next, base.sha256, { makesRoom: true }), changes };
    });
    return { environment, head, changes, path };
  },
  decide({ caller: { owner }, params: { environmentId }, data, ids, now }) {
    const { environment, head, changes, path } = data;
    const { ref, value, version } = environment;
    const origin = {
      id: ids.next("snapshot"),
      title: `Deleted ${path}`,
      source: "deletion",
      now,
    } as const;
    const recorded = recordChange(owner, value, { head, changes, origin });
    return {
      writes: [
        patch(ref, { workspace: head, ...recorded.fields, updatedAt: now }, { version }),
        ...recorded.writes,
      ],
      subject: environmentId,
      facts: { manifestSha256: head.manifestSha256 },
      reply: ok({ success: true, environmentId, filePath: path }),
    };
  },
});
