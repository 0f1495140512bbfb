/** Stored workspaces: manifests by their digest, files as ranges of packs. */

import { executionLimits, type WorkspaceRoom, workspaceRoom } from "../core/executions/profiles.ts";
import { type Footprint, fits } from "../core/workspace/footprint.ts";
import { joinedReads, slicesOf } from "../core/workspace/holes.ts";
import {
  emptyManifest,
  type Manifest,
  type ManifestFile,
  type Part,
} from "../core/workspace/manifest.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import type { ByteRange } from "../google/byte-range.ts";
import { getObject } from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import type { Profile } from "../protocol/job.ts";
import type { Environment } from "../store/environments.ts";
import { cachedManifest, inManifestTurn, type KnownManifest } from "./manifest-turn.ts";

/**
 * @param clientSignal Aborted when the client has gone; null if it can't go.
 * @throws {ManifestError} When the bytes aren't a manifest.
 * @throws {ApiError} `NOT_FOUND`, `UNAVAILABLE`.
 */
export async function readManifest(
  owner: Owner,
  sha256: string | null,
  clientSignal: AbortSignal | null,
): Promise<Manifest> {
  const known = sha256 === null ? emptyManifest : cachedManifest(owner, sha256);
  return (
    known ?? (await inManifestTurn(owner, clientSignal, async (turn) => await turn.read(sha256)))
  );
}

/**
 * The files of an environment's workspace, in the newest state that can be read.
 * @param clientSignal Aborted when the client has gone.
 */
export async function readFilesOf(
  owner: Owner,
  { workspace }: Pick<Environment, "workspace">,
  clientSignal: AbortSignal,
): Promise<KnownManifest> {
  if (workspace === null) return { manifest: emptyManifest, sha256: null };
  const { manifestSha256: sha256 } = workspace;
  const manifest = sha256 === null ? undefined : cachedManifest(owner, sha256);
  if (manifest) return { manifest, sha256 };
  return await inManifestTurn(
    owner,
    clientSignal,
    async (turn) => await turn.readFilesOf({ workspace }),
  );
}

/** The larger of the room of this profile and of the others. */
export function roomOf(profile: Profile, ...others: readonly WorkspaceRoom[]): WorkspaceRoom {
  const rooms = [workspaceRoom(executionLimits(profile, 1)), ...others];
  return {
    restoreBytes: Math.max(...rooms.map(({ restoreBytes }) => restoreBytes)),
    inodes: Math.max(...rooms.map(({ inodes }) => inodes)),
  };
}

/**
 * @throws {ApiError} `WORKSPACE_FULL` if no execution of this environment could hold the files,
 * unless they were as large before.
 */
export function requireRoom(
  { profile }: Pick<Environment, "profile">,
  before: Footprint,
  after: Footprint,
): void {
  const room = roomOf(profile);
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
  const bytes = await allInOrder(all);
  // Most pieces lie in one pack, and large ones needn't be in memory twice.
  return bytes.length === 1 && bytes[0] ? bytes[0] : Buffer.concat(bytes);
}

function cutTo(bytes: Buffer, { offsetBytes, sizeBytes }: Part, beginsAt: number): Buffer {
  return bytes.subarray(offsetBytes - beginsAt, offsetBytes - beginsAt + sizeBytes);
}
