/** Workspaces as they are stored: manifests by their digest, files as ranges of packs. */
import { LRUCache } from "lru-cache";
import type { Owner } from "../auth/owner.ts";
import {
  emptyManifest,
  type Manifest,
  type ManifestFile,
  manifestBytes,
  parseManifest,
} from "../core/manifest.ts";
import { executionLimits } from "../core/profiles.ts";
import { ApiError } from "../errors/api-error.ts";
import { type ByteRange, getObject } from "../google/objects.ts";
import { manifestBytesMax } from "../protocol/runner.ts";
import { type CountingStore, storeObject } from "../quotas/store-object.ts";
import type { Environment, WorkspaceHead } from "../store/environments.ts";

/** Manifests never change under their digest. Counted in entries: 200,000 are about 100 MB. */
const cache = new LRUCache<string, Manifest>({
  maxSize: 200_000,
  sizeCalculation: (manifest) => manifest.entries.length + 1,
});

export async function readManifest(owner: Owner, sha256: string | null): Promise<Manifest> {
  if (sha256 === null) return emptyManifest;
  const name = `${owner.id}/${sha256}`;
  const known = cache.get(name);
  if (known) return known;
  const manifest = parseManifest(await getObject(owner, { kind: "manifests", sha256 }));
  cache.set(name, manifest);
  return manifest;
}

/** Stores a manifest and says what an environment must know of it. */
export async function storeManifest(
  store: CountingStore,
  owner: Owner,
  manifest: Manifest,
): Promise<WorkspaceHead> {
  const bytes = Buffer.from(manifestBytes(manifest));
  if (bytes.length > manifestBytesMax) throw new ApiError("WORKSPACE_FULL");
  const manifestSha256 = await storeObject(store, owner, { kind: "manifests", bytes });
  return headOf(manifest, manifestSha256);
}

export function headOf(manifest: Manifest, manifestSha256: string): WorkspaceHead {
  const files = manifest.entries.filter((entry) => entry.type === "file");
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { manifestSha256, fileCount: files.length, totalBytes };
}

/** @throws {ApiError} `WORKSPACE_FULL` if no execution of this environment could hold the files. */
export function requireRoom(environment: Environment, manifest: Manifest): void {
  const { workspaceBytes, workspaceInodesMax } = executionLimits(environment.profile, 1);
  const { totalBytes } = headOf(manifest, "");
  if (totalBytes <= workspaceBytes && manifest.entries.length <= workspaceInodesMax / 2) return;
  const message = `This workspace holds at most ${workspaceBytes} bytes in ${workspaceInodesMax / 2} files.`;
  throw new ApiError("WORKSPACE_FULL", { message });
}

/** Some of a file's bytes, from as many packs as they lie in. */
export async function readFileBytes(
  owner: Owner,
  file: ManifestFile,
  range: ByteRange,
): Promise<Buffer> {
  const end = range.offsetBytes + range.sizeBytes;
  const slices: Promise<Buffer>[] = [];
  let position = 0;
  for (const part of file.parts) {
    const from = Math.max(range.offsetBytes, position);
    const to = Math.min(end, position + part.sizeBytes);
    if (from < to) {
      const offsetBytes = part.offsetBytes + from - position;
      const slice = { offsetBytes, sizeBytes: to - from };
      slices.push(getObject(owner, { kind: "packs", sha256: part.pack }, slice));
    }
    position += part.sizeBytes;
  }
  return Buffer.concat(await Promise.all(slices));
}
