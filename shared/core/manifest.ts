/**
 * A workspace as a value: what stands at which path, and where its bytes lie. Files, history,
 * diffs, snapshots and merges work on manifests alone, so none of them copies data.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { confinePath, confineSymlink } from "#shared/core/paths";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
/** Permission bits alone: set-uid, set-gid and sticky don't survive an execution. */
const mode = z.int().min(0).max(0o777);
const path = z.string().refine((raw) => confinePath(raw).path === raw, "isn't confined");

/** Where a slice of a blob lies; the slices of a file, in order, are its bytes. */
export const Part = z.object({ pack: sha256, offsetBytes: count, sizeBytes: count.min(1) });
export type Part = z.infer<typeof Part>;

export const ManifestFile = z.object({
  path,
  type: z.literal("file"),
  sha256,
  sizeBytes: count,
  mode,
  /** Milliseconds since 1970. */
  modifiedAt: z.int(),
  parts: z.array(Part),
});
export type ManifestFile = z.infer<typeof ManifestFile>;

export const ManifestSymlink = z.object({
  path,
  type: z.literal("symlink"),
  target: z.string().max(1_024),
});
/** Needed for empty directories only; the others follow from what they hold. */
export const ManifestDirectory = z.object({ path, type: z.literal("directory"), mode });

export const ManifestEntry = z.discriminatedUnion("type", [
  ManifestFile,
  ManifestSymlink,
  ManifestDirectory,
]);
export type ManifestEntry = z.infer<typeof ManifestEntry>;

/** Sorted by path, bytewise; nothing stands below a file or a symlink. */
export const Manifest = z
  .object({ v: z.literal(1), entries: z.array(ManifestEntry) })
  .superRefine(({ entries }, context) => {
    const broken = firstBroken(entries);
    if (broken !== undefined) context.addIssue({ code: "custom", message: broken });
  });
export type Manifest = z.infer<typeof Manifest>;

export const emptyManifest: Manifest = { v: 1, entries: [] };

/** Brings entries into the manifest's order. */
export function manifestOf(entries: Iterable<ManifestEntry>): Manifest {
  return { v: 1, entries: [...entries].sort((a, b) => compareBytewise(a.path, b.path)) };
}

/** The stored form. Equal manifests have equal bytes, whatever order their keys came in. */
export function manifestBytes(manifest: Manifest): Uint8Array {
  return Buffer.from(JSON.stringify({ v: 1, entries: manifest.entries.map(ordered) }));
}

/** Under which a manifest's bytes are stored: their SHA-256, in hex. */
export function manifestDigest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @throws {SyntaxError | z.ZodError} When the bytes aren't a manifest. */
export function parseManifest(bytes: Uint8Array): Manifest {
  return Manifest.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
}

/** The packs a manifest needs, each once. */
export function packsOf(manifest: Manifest): Set<string> {
  const parts = manifest.entries.flatMap((entry) => (entry.type === "file" ? entry.parts : []));
  return new Set(parts.map((part) => part.pack));
}

/** Same kind, content and mode. Times and the place of the bytes don't count. */
export function sameEntry(a: ManifestEntry | undefined, b: ManifestEntry | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && essence(a) === essence(b));
}

export interface ManifestDiff {
  readonly created: ManifestEntry[];
  readonly modified: ManifestEntry[];
  /** As they stood in the base. */
  readonly deleted: ManifestEntry[];
}

export function diffManifests(base: Manifest, next: Manifest): ManifestDiff {
  const before = byPath(base);
  const after = byPath(next);
  const changed = next.entries.filter((entry) => !sameEntry(before.get(entry.path), entry));
  return {
    created: changed.filter((entry) => !before.has(entry.path)),
    modified: changed.filter((entry) => before.has(entry.path)),
    deleted: base.entries.filter((entry) => !after.has(entry.path)),
  };
}

export function byPath(manifest: Manifest): Map<string, ManifestEntry> {
  return new Map(manifest.entries.map((entry) => [entry.path, entry]));
}

/** Orders as UTF-8 bytes do; `<` compares UTF-16 units and puts emoji before U+E000. */
export function compareBytewise(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

function codePointRank(unit: number): number {
  const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
  return isSurrogate ? unit + 0x1_0000 : unit;
}

function essence(entry: ManifestEntry): string {
  if (entry.type === "file") return `file ${entry.mode} ${entry.sha256}`;
  return entry.type === "symlink" ? `symlink ${entry.target}` : `directory ${entry.mode}`;
}

function ordered(entry: ManifestEntry): ManifestEntry {
  const { path: at, type } = entry;
  if (type === "symlink") return { path: at, type, target: entry.target };
  if (type === "directory") return { path: at, type, mode: entry.mode };
  const parts = entry.parts.map(({ pack, offsetBytes, sizeBytes }) => ({
    pack,
    offsetBytes,
    sizeBytes,
  }));
  const { sha256: digest, sizeBytes, modifiedAt } = entry;
  return { path: at, type, sha256: digest, sizeBytes, mode: entry.mode, modifiedAt, parts };
}

function firstBroken(entries: readonly ManifestEntry[]): string | undefined {
  const paths = new Set(entries.map((entry) => entry.path));
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    if (before !== undefined && compareBytewise(before.path, entry.path) >= 0) {
      return `"${entry.path}" is out of order`;
    }
    if (ancestorsOf(entry.path).some((ancestor) => paths.has(ancestor))) {
      return `"${entry.path}" stands below another entry`;
    }
    const why = brokenEntry(entry);
    if (why !== undefined) return `"${entry.path}" ${why}`;
  }
  return undefined;
}

function brokenEntry(entry: ManifestEntry): string | undefined {
  if (entry.type === "symlink") {
    return confineSymlink(entry.path, entry.target) ? undefined : "points out of the workspace";
  }
  if (entry.type === "directory") return undefined;
  const sizeBytes = entry.parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  return sizeBytes === entry.sizeBytes ? undefined : "isn't as long as its parts";
}

/** `a/b/c` → `a`, `a/b`. */
export function ancestorsOf(at: string): string[] {
  const segments = at.split("/");
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"));
}
