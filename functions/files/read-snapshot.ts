/** What is in a snapshot, and what it changed; a change is its snapshot under another id. */

import * as z from "zod";
import { commitOf } from "#shared/answers/snapshot-body";
import { ok } from "#shared/contract/common";
import {
  ChangeParams,
  SnapshotDiff,
  SnapshotFile,
  SnapshotFileQuery,
  SnapshotFiles,
} from "#shared/contract/snapshot";
import { entryAt, nameOf } from "#shared/core/workspace/tree-order";
import { snapshotParams } from "#shared/environments/snapshot-params";
import { ApiError } from "#shared/errors/api-error";
import { type ActionRoute, action, query } from "#shared/pipeline/route";
import { countDownload, countOpened } from "#shared/quotas/count-download";
import { readFileBytes, readManifest } from "#shared/workspace/manifests";
import { requireSnapshot } from "#shared/workspace/require-snapshot";
import { diffOf } from "./diff-snapshots.ts";
import { readPageOfFiles } from "./page-of-files.ts";
import { requirePathInWorkspace, withoutSlashes } from "./upload-path.ts";

const pageMax = 1_000;
const offsetMax = 100_000;
/** A file's content is sent as part of a JSON text. */
const contentBytesMax = 4 * 1024 * 1024;

const reading = {
  authenticate: "api-key",
  scope: "files:read",
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
} as const;

export const listSnapshotFiles = query({
  ...reading,
  endpoint: "GET /v1/environments/:environmentId/snapshots/:snapshotId/files",
  summary: "The files and folders of a snapshot, at most 1,000 at once.",
  params: snapshotParams,
  query: z.object({
    prefix: z.string().max(1_024).optional(),
    limit: z.coerce.number().int().min(1).max(pageMax).default(pageMax),
    offset: z.coerce.number().int().min(0).max(offsetMax).default(0),
  }),
  refusals: ["INVALID_PATH"],
  reply: { 200: SnapshotFiles },
  read: async ({ caller: { owner }, params, query: { prefix, limit, offset }, deps, signal }) => {
    const { value } = await requireSnapshot(deps.store, owner, params);
    const manifest = await readManifest(owner, value.head?.manifestSha256 ?? null, signal);
    const named = withoutSlashes(prefix ?? "");
    const folder = named === "" ? "" : requirePathInWorkspace(named);
    return await readPageOfFiles(manifest, { folder, depth: -1, limit, offset }, signal);
  },
  answer({ params, query: { prefix, offset }, data: page }) {
    return ok({
      object: "list",
      ...params,
      prefix: prefix ?? null,
      data: page.shown.map(({ path, type, sizeBytes }) => ({
        path,
        name: nameOf(path),
        type,
        size: type === "file" ? sizeBytes : null,
      })),
      has_more: offset + page.shown.length < page.total,
      total_count: page.total,
    });
  },
});

type Params = z.ZodType<{ readonly environmentId: string; readonly snapshotId: string }>;

/** An action, because the day's downloads are counted: a diff holds what files contain. */
function diffRoute(
  endpoint: `GET /v1/environments/:environmentId/${string}`,
  params: Params,
): ActionRoute {
  return action({
    ...reading,
    endpoint,
    summary: "What changed since the state before: the lines of texts, and the names of the rest.",
    params,
    query: z.object({ path: z.string().max(1_024).optional() }),
    beforeConfirmed: "nothing",
    reply: { 200: SnapshotDiff },
    read: async ({ caller: { owner }, params: which, query: { path = null }, deps, signal }) => {
      const { value } = await requireSnapshot(deps.store, owner, which);
      const { head, baseManifestSha256 } = value;
      const [before, after] = [
        await readManifest(owner, baseManifestSha256, signal),
        await readManifest(owner, head?.manifestSha256 ?? null, signal),
      ];
      return {
        snapshot: value,
        diff: await diffOf(owner, { before, after, path, clock: deps.now, signal }),
      };
    },
    async perform({ caller: { owner }, query: { path = null }, data, deps, now }) {
      const { snapshot, diff } = data;
      await countDownload(deps.store, owner, { sizeBytes: Buffer.byteLength(diff.diff), now });
      const { id, environmentId, parentSnapshotId, baseManifestSha256, head } = snapshot;
      return ok({
        environmentId,
        snapshotId: id,
        parentSnapshotId,
        fromCommitSha: baseManifestSha256,
        toCommitSha: commitOf(head?.manifestSha256),
        path,
        ...diff,
      });
    },
  });
}

export const getSnapshotDiff = diffRoute(
  "GET /v1/environments/:environmentId/snapshots/:snapshotId/diff",
  snapshotParams,
);
export const getChangeDiff = diffRoute(
  "GET /v1/environments/:environmentId/changes/:changeId/diff",
  ChangeParams,
);

/** An action, because the day's downloads are counted. */
function fileRoute(
  endpoint: `GET /v1/environments/:environmentId/${string}`,
  params: Params,
): ActionRoute {
  return action({
    ...reading,
    endpoint,
    summary: "A file of a snapshot, of at most 4 MiB.",
    params,
    query: SnapshotFileQuery,
    beforeConfirmed: "nothing",
    refusals: ["INVALID_PATH", "PAYLOAD_TOO_LARGE"],
    reply: { 200: SnapshotFile },
    read: async ({ caller: { owner }, params: which, query, deps, signal }) => {
      const { value } = await requireSnapshot(deps.store, owner, which);
      const manifest = await readManifest(owner, value.head?.manifestSha256 ?? null, signal);
      const path = requirePathInWorkspace(withoutSlashes(query.path));
      const file = entryAt(manifest.entries, path);
      if (file?.type !== "file") {
        throw new ApiError("NOT_FOUND", { message: "The snapshot has no such file." });
      }
      if (file.sizeBytes > contentBytesMax) {
        const message = `The file has more than ${contentBytesMax} bytes: fork or restore it.`;
        throw new ApiError("PAYLOAD_TOO_LARGE", { message });
      }
      return { file, snapshotId: value.id };
    },
    async perform({ caller: { owner }, data: { file, snapshotId }, deps, now }) {
      const { path, sizeBytes } = file;
      const open = async () => await readFileBytes(owner, file, { offsetBytes: 0, sizeBytes });
      const bytes = await countOpened(deps.store, owner, { sizeBytes, now, open });
      const text = bytes.toString("utf8");
      const isText = Buffer.from(text).equals(bytes);
      const content = isText ? text : bytes.toString("base64");
      return ok({ path, snapshotId, content, encoding: isText ? "utf-8" : "base64" });
    },
  });
}

export const getSnapshotFile = fileRoute(
  "GET /v1/environments/:environmentId/snapshots/:snapshotId/file",
  snapshotParams,
);
export const getChangeFile = fileRoute(
  "GET /v1/environments/:environmentId/changes/:changeId/file",
  ChangeParams,
);
