import * as z from "zod";
import { iso, ok, optionalFlag } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { nameOf } from "#shared/core/workspace/tree-order";
import { query } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";
import { requireFittingPage } from "#shared/store/read-page";
import { readFilesOf } from "#shared/workspace/manifests";
import { readPageOfFiles, type ShownEntry } from "./page-of-files.ts";
import { requirePathInWorkspace, withoutSlashes } from "./upload-path.ts";

const entriesMax = 10_000;
/** The most files that a workspace can have. */
const offsetMax = 100_000;

const FileEntry = z.object({
  name: z.string(),
  path: z.string(),
  type: z.enum(["file", "directory"]),
  size: z.int(),
  lastModified: z.string(),
  modifiedAt: z.string(),
});
type FileEntry = z.infer<typeof FileEntry>;

export const listFiles = query({
  endpoint: "GET /v1/environments/:environmentId/files",
  summary: "List the workspace's files and folders; path and depth narrow the list.",
  authenticate: "api-key",
  scope: "files:read",
  params: z.object({ environmentId: idSchema("environment") }),
  query: z.object({
    path: z.string().max(1_024).default(""),
    /** 1 lists children only; −1 everything below. */
    depth: z.coerce.number().int().min(-1).max(100).optional(),
    /** An older name of a depth: false is 1, true is −1. */
    recursive: optionalFlag,
    limit: z.coerce.number().int().min(1).max(entriesMax).default(entriesMax),
    offset: z.coerce.number().int().min(0).max(offsetMax).default(0),
  }),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  refusals: ["INVALID_PATH"],
  reply: {
    200: z.object({
      object: z.literal("list"),
      environmentId: z.string(),
      path: z.string(),
      depth: z.int(),
      data: z.array(FileEntry),
      files: z.array(FileEntry),
      count: z.int(),
      has_more: z.boolean(),
      total_count: z.int(),
    }),
  },
  read: async ({ caller: { owner }, params, query, deps, signal }) => {
    const { value } = await deps.store.require(environments.of(owner, params.environmentId));
    const { manifest } = await readFilesOf(owner, value, signal);
    const { offset, limit } = query;
    const depth = query.depth ?? (query.recursive === false ? 1 : -1);
    const named = withoutSlashes(query.path);
    const folder = named === "" || named === "." ? "" : requirePathInWorkspace(named);
    const page = await readPageOfFiles(manifest, { folder, depth, limit, offset }, signal);
    return { folder, depth, page, since: value.createdAt };
  },
  answer({ params: { environmentId }, query: { offset }, data }) {
    const { folder, depth, page } = data;
    const entries = page.shown.map((entry) => entryOf(entry, data.since));
    // The answer has each entry twice: as `data` and as `files`.
    requireFittingPage(entries, 2);
    return ok({
      object: "list",
      environmentId,
      path: folder === "" ? "" : `${folder}/`,
      depth,
      data: entries,
      files: entries,
      count: entries.length,
      has_more: offset + entries.length < page.total,
      total_count: page.total,
    });
  },
});

function entryOf(entry: ShownEntry, since: number): FileEntry {
  const { path, type, sizeBytes: size, modifiedAt = since } = entry;
  const at = iso(modifiedAt);
  return { name: nameOf(path), path, type, size, lastModified: at, modifiedAt: at };
}
