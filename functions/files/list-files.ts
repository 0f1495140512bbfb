import * as z from "zod";
import { iso, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ancestorsOf, compareBytewise, type Manifest } from "#shared/core/manifest";
import { route } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";
import { readManifest } from "#shared/workspace/manifests";
import { confined } from "./landing-path.ts";

const entriesMax = 10_000;
/** As many files as a workspace can have. */
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

export const listFiles = route({
  answers: "GET /v1/environments/:environmentId/files",
  summary: "The workspace's files and folders, all of them unless path and depth say less.",
  authenticate: "api-key",
  scope: "files:read",
  params: z.object({ environmentId: idSchema("environment") }),
  query: z.object({
    path: z.string().max(1_024).default(""),
    /** 1 lists children only; −1 everything below. */
    depth: z.coerce.number().int().min(-1).max(100).default(-1),
    limit: z.coerce.number().int().min(1).max(entriesMax).default(entriesMax),
    offset: z.coerce.number().int().min(0).max(offsetMax).default(0),
  }),
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
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
  read: async ({ caller: { owner }, params, deps }) => {
    const { value } = await deps.store.require(environments.of(owner, params.environmentId));
    const manifest = await readManifest(owner, value.workspace?.manifestSha256 ?? null);
    return { manifest, since: value.createdAt };
  },
  decide({ params: { environmentId }, query, data }) {
    const { depth, offset, limit } = query;
    const folder = query.path.replace(/^\/+|\/+$/g, "");
    const below = folder === "" || folder === "." ? "" : `${confined(folder)}/`;
    const all = entriesOf(data.manifest, data.since)
      .filter(({ path }) => path.startsWith(below))
      .filter(({ path }) => depth < 0 || path.slice(below.length).split("/").length <= depth);
    const page = all.slice(offset, offset + limit);
    return {
      writes: [],
      reply: ok({
        object: "list",
        environmentId,
        path: below,
        depth,
        data: page,
        files: page,
        count: page.length,
        has_more: offset + page.length < all.length,
        total_count: all.length,
      }),
    };
  },
});

/** Files as they are, and the folders that follow from them; symlinks are shown as files. */
function entriesOf(manifest: Manifest, since: number): readonly FileEntry[] {
  const entries = new Map<string, FileEntry>();
  const add = (path: string, kind: Pick<FileEntry, "type" | "size">, modifiedAt: number) => {
    const at = iso(modifiedAt);
    const name = path.split("/").at(-1) ?? path;
    entries.set(path, { name, path, ...kind, lastModified: at, modifiedAt: at });
  };
  for (const entry of manifest.entries) {
    const modifiedAt = entry.type === "file" ? entry.modifiedAt : since;
    for (const folder of ancestorsOf(entry.path)) {
      if (!entries.has(folder)) add(folder, { type: "directory", size: 0 }, modifiedAt);
    }
    const size = entry.type === "file" ? entry.sizeBytes : 0;
    add(entry.path, { type: entry.type === "directory" ? "directory" : "file", size }, modifiedAt);
  }
  return [...entries.values()].sort((a, b) => compareBytewise(a.path, b.path));
}
