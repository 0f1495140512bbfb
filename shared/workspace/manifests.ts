/** Stored workspaces: manifests by their digest, files as ranges of packs. */
import { setImmediate as breathe } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { executionLimits, type WorkspaceRoom, workspaceRoom } from "../core/executions/profiles.ts";
import { fits, fitToStore, footprintOf } from "../core/workspace/footprint.ts";
import { joinedReads, slicesOf } from "../core/workspace/holes.ts";
import {
  emptyManifest,
  type Manifest,
  type ManifestEntry,
  type ManifestFile,
  type Part,
} from "../core/workspace/manifest.ts";
import { encodeSteps, ManifestError, manifestSteps } from "../core/workspace/manifest-bytes.ts";
import { ApiError } from "../errors/api-error.ts";
import { type ByteRange, getObject } from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import type { Profile } from "../protocol/job.ts";
import { manifestBytesMax } from "../protocol/runner.ts";
import { type CountingStore, storeObject } from "../quotas/store-object.ts";
import type { Environment, WorkspaceHead } from "../store/environments.ts";
import { OwnerTurns } from "../store/owner-turns.ts";

/** Manifests never change under their digest. The size is in stored bytes. */
const cache = new LRUCache<string, Manifest>({ maxSize: 32 * 1024 * 1024 });

/** Those that are being read: a request that asks meanwhile waits for the same. */
const reading = new Map<string, Promise<Manifest>>();
/** Doubting one takes up to a second of an instance's time, and several times its bytes. */
const turns = new OwnerTurns({ allMax: 4, ownerMax: 1 });

/** What was read, and under which digest; null for a workspace that never held a file. */
export interface KnownManifest {
  readonly manifest: Manifest;
  readonly sha256: string | null;
}

/**
 * @throws {ManifestError} When the bytes aren't a manifest.
 * @throws {ApiError} `NOT_FOUND`, `UNAVAILABLE`.
 */
export async function readManifest(owner: Owner, sha256: string | null): Promise<Manifest> {
  if (sha256 === null) return emptyManifest;
  const name = `${owner.id}/${sha256}`;
  const known = cache.get(name) ?? reading.get(name);
  if (known) return await known;
  const read = turns.run(owner.id, async () => {
    return await keepManifest(owner, sha256, await getObject(owner, { kind: "manifests", sha256 }));
  });
  reading.set(name, read);
  try {
    return await read;
  } finally {
    reading.delete(name);
  }
}

/**
 * Validates a manifest's bytes and caches it; other requests run in between.
 * @throws {ManifestError} When the bytes aren't a manifest.
 */
export async function keepManifest(
  owner: Owner,
  sha256: string,
  bytes: Uint8Array,
): Promise<Manifest> {
  const manifest = await inTurns(manifestSteps(bytes));
  cache.set(`${owner.id}/${sha256}`, manifest, { size: bytes.length });
  return manifest;
}

/** Runs the steps and lets other requests run in between. */
export async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await breathe();
  }
}

/**
 * The first of an environment's manifests that can be read. If the newest can't, the workspace's
 * last change is lost, but not the workspace.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function readWorkspace(
  owner: Owner,
  ...newestFirst: readonly (string | null | undefined)[]
): Promise<KnownManifest> {
  for (const sha256 of newestFirst) {
    if (sha256 === undefined || sha256 === null) break;
    try {
      return { manifest: await readManifest(owner, sha256), sha256 };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      reportUnreadable(owner, sha256);
    }
  }
  return { manifest: emptyManifest, sha256: null };
}

/** The files of an environment's workspace, in the newest state that can be read. */
export async function readFilesOf(
  owner: Owner,
  { workspace }: Pick<Environment, "workspace">,
): Promise<KnownManifest> {
  return await readWorkspace(owner, workspace?.manifestSha256, workspace?.previousManifestSha256);
}

/** Whether there is no such manifest; other errors may pass. */
export function isUnreadable(error: unknown): boolean {
  return (
    error instanceof ManifestError || (error instanceof ApiError && error.code === "NOT_FOUND")
  );
}

function reportUnreadable(owner: Owner, manifestSha256: string): void {
  const facts = { alarm: true, ownerId: owner.id, manifestSha256 };
  const line = { severity: "ERROR", message: "a manifest can't be read", ...facts };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/**
 * Stores a manifest and returns what its environment records. A manifest that couldn't be read back
 * isn't stored.
 * @param how.encoded Its stored form, if known already.
 * @param how.makesRoom Whether it names less than the one before; then a full quota accepts it.
 * @throws {ApiError} `WORKSPACE_FULL` if the list of files is longer than a manifest may be.
 */
export async function storeManifest(
  store: CountingStore,
  owner: Owner,
  manifest: Manifest,
  previousSha256: string | null,
  how: { readonly encoded?: Uint8Array; readonly makesRoom?: boolean } = {},
): Promise<WorkspaceHead> {
  const { encoded, makesRoom = false } = how;
  const bytes = encoded ?? (await inTurns(encodeSteps(manifest)));
  if (bytes.length > manifestBytesMax) throw new ApiError("WORKSPACE_FULL");
  await inTurns(manifestSteps(bytes));
  const manifestSha256 = await storeObject(store, owner, {
    kind: "manifests",
    bytes: Buffer.from(bytes),
    makesRoom,
  });
  cache.set(`${owner.id}/${manifestSha256}`, manifest, { size: bytes.length });
  return headOf(manifest, manifestSha256, previousSha256);
}

export function headOf(
  manifest: Manifest,
  manifestSha256: string,
  previousManifestSha256: string | null,
): WorkspaceHead {
  const { fileCount, totalBytes, restoreBytes } = footprintOf(manifest);
  return { manifestSha256, fileCount, totalBytes, restoreBytes, previousManifestSha256 };
}

/** The larger of the room of this profile and of the others. */
export function roomOf(profile: Profile, ...others: readonly WorkspaceRoom[]): WorkspaceRoom {
  const rooms = [workspaceRoom(executionLimits(profile, 1)), ...others];
  return {
    restoreBytes: Math.max(...rooms.map(({ restoreBytes }) => restoreBytes)),
    inodes: Math.max(...rooms.map(({ inodes }) => inodes)),
  };
}

export interface StoredFitting {
  readonly head: WorkspaceHead;
  /** Paths that didn't fit. */
  readonly left: readonly string[];
}

/** Stores as much as can be restored, beginning with what `first` holds. */
export async function storeFitting(
  store: CountingStore,
  owner: Owner,
  next: { readonly manifest: Manifest; readonly first: Manifest; readonly room: WorkspaceRoom },
  previousSha256: string | null,
): Promise<StoredFitting> {
  const paths = new Set(next.first.entries.map(({ path }) => path));
  const isFirst = ({ path }: ManifestEntry) => paths.has(path);
  const fitted = await inTurns(fitToStore(next.manifest, next.room, isFirst));
  const head = await storeManifest(store, owner, fitted.manifest, previousSha256, {
    encoded: fitted.bytes,
  });
  return { head, left: fitted.left.map(({ path }) => path) };
}

/**
 * @throws {ApiError} `WORKSPACE_FULL` if no execution of this environment could hold the files,
 * unless they were as large before.
 */
export function requireRoom(environment: Environment, base: Manifest, next: Manifest): void {
  const room = roomOf(environment.profile);
  const [before, after] = [footprintOf(base), footprintOf(next)];
  const half = { ...room, inodes: Math.floor(room.inodes / 2) };
  if (fits(after, half)) return;
  const isSmaller =
    after.restoreBytes <= before.restoreBytes &&
    after.inodes <= before.inodes &&
    after.pathsBytes <= before.pathsBytes;
  if (isSmaller) return;
  const message =
    `This workspace holds at most ${half.restoreBytes} bytes in ${half.inodes} files and folders; ` +
    `it would need ${after.restoreBytes} bytes for ${after.inodes}.`;
  throw new ApiError("WORKSPACE_FULL", { message });
}

/** Some of a file's bytes, read from all packs that hold them. */
export async function readFileBytes(
  owner: Owner,
  file: ManifestFile,
  range: ByteRange,
): Promise<Buffer> {
  const slices = slicesOf(file.parts, range);
  const reads = new Map<Part, Promise<Buffer>>();
  for (const { from, sizeBytes, slices: read } of joinedReads(slices)) {
    const { pack, offsetBytes } = from;
    const bytes = getObject(owner, { kind: "packs", sha256: pack }, { offsetBytes, sizeBytes });
    for (const slice of read)
      reads.set(
        slice,
        bytes.then((all) => cutTo(all, slice, offsetBytes)),
      );
  }
  const all = slices.map((slice) => reads.get(slice) ?? Buffer.alloc(slice.sizeBytes));
  return Buffer.concat(await Promise.all(all));
}

function cutTo(bytes: Buffer, { offsetBytes, sizeBytes }: Part, beginsAt: number): Buffer {
  return bytes.subarray(offsetBytes - beginsAt, offsetBytes - beginsAt + sizeBytes);
}
