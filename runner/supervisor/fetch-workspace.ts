/** Brings a workspace in: a manifest, then its packs, written to where they belong. */
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  emptyManifest,
  type Manifest,
  type ManifestEntry,
  parseManifest,
} from "#shared/core/manifest";
import type { LineIndex } from "./line-index.ts";

export interface WorkspaceSource {
  manifest(digest: string): Promise<Uint8Array>;
  pack(digest: string): Promise<Uint8Array>;
}

interface Slice {
  readonly path: string;
  readonly packOffsetBytes: number;
  readonly fileOffsetBytes: number;
  readonly sizeBytes: number;
}

/** Packs are 24 MB each: this bounds what is in memory at once. */
const fetchesMax = 3;

export async function fetchManifest(
  source: WorkspaceSource,
  digest: string | null,
): Promise<Manifest> {
  return digest === null ? emptyManifest : parseManifest(await source.manifest(digest));
}

/** Fills `folder`, which must be empty. The manifest has been checked: its paths are confined. */
export async function fillWorkspace(
  source: WorkspaceSource,
  manifest: Manifest,
  { folder, lines }: { folder: string; lines: LineIndex },
): Promise<void> {
  for (const entry of manifest.entries) makePlace(folder, entry);
  const pending = [...slicesByPack(manifest)];
  const worker = async () => {
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [pack, slices] = next;
      const bytes = await source.pack(pack);
      for (const slice of slices) writeSlice(folder, slice, bytes, lines);
    }
  };
  await Promise.all(Array.from({ length: fetchesMax }, worker));
  for (const entry of manifest.entries) finish(folder, entry);
}

function makePlace(folder: string, entry: ManifestEntry): void {
  const target = join(folder, entry.path);
  mkdirSync(entry.type === "directory" ? target : dirname(target), { recursive: true });
  if (entry.type === "file" && entry.sizeBytes === 0) closeSync(openNew(target));
}

function slicesByPack(manifest: Manifest): Map<string, Slice[]> {
  const byPack = new Map<string, Slice[]>();
  for (const entry of manifest.entries) {
    if (entry.type !== "file") continue;
    let fileOffsetBytes = 0;
    for (const { pack, offsetBytes, sizeBytes } of entry.parts) {
      const slice = { path: entry.path, packOffsetBytes: offsetBytes, fileOffsetBytes, sizeBytes };
      const slices = byPack.get(pack);
      if (slices === undefined) byPack.set(pack, [slice]);
      else slices.push(slice);
      fileOffsetBytes += sizeBytes;
    }
  }
  return byPack;
}

function writeSlice(folder: string, slice: Slice, pack: Uint8Array, lines: LineIndex): void {
  const bytes = pack.subarray(slice.packOffsetBytes, slice.packOffsetBytes + slice.sizeBytes);
  if (bytes.length !== slice.sizeBytes) throw new Error(`${slice.path} reaches beyond its pack.`);
  const file = openNew(join(folder, slice.path));
  try {
    let written = 0;
    while (written < bytes.length) {
      const at = slice.fileOffsetBytes + written;
      written += writeSync(file, bytes, written, bytes.length - written, at);
    }
  } finally {
    closeSync(file);
  }
  if (slice.fileOffsetBytes === 0) lines.record(slice.path, bytes);
}

function openNew(path: string): number {
  return openSync(path, constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
}

/** Links come last: nothing is ever written through one. */
function finish(folder: string, entry: ManifestEntry): void {
  const target = join(folder, entry.path);
  if (entry.type === "symlink") {
    symlinkSync(entry.target, target);
    return;
  }
  const seconds = entry.type === "file" ? entry.modifiedAt / 1_000 : undefined;
  if (seconds !== undefined) utimesSync(target, seconds, seconds);
  chmodSync(target, entry.mode);
}
