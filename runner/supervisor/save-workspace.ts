/** Saves a workspace. Only bytes that its base lacks are sent, in packs. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { WorkspaceRoom } from "#shared/core/executions/profiles";
import { atOnce } from "#shared/core/steps";
import { fitToStore } from "#shared/core/workspace/fit-manifest";
import { footprintOf } from "#shared/core/workspace/footprint";
import { placesOf, type Range, spread, withHoles } from "#shared/core/workspace/holes";
import {
  isUnchanged,
  type Manifest,
  type ManifestEntry,
  manifestOf,
  type Part,
  partsMax,
} from "#shared/core/workspace/manifest";
import { manifestDigest } from "#shared/core/workspace/manifest-bytes";
import { mergeManifests } from "#shared/core/workspace/merge-manifests";
import { type PackPlan, partsByBlob, planPacks } from "#shared/core/workspace/packs";
import { type FoundFile, readSlice, type WorkspaceEntry } from "./scan-workspace.ts";

export interface WorkspaceTarget {
  putManifest(digest: string, body: Uint8Array, until: number): Promise<void>;
  putPack(digest: string, body: Uint8Array, until: number): Promise<void>;
}

export interface Saving {
  readonly folder: string;
  readonly base: Manifest;
  /** Whether the base is the newest manifest; otherwise an older one replaced it. */
  readonly isBaseNewest: boolean;
  /** Entries that couldn't be fetched. The execution never had them, so they are kept. */
  readonly absent: readonly ManifestEntry[];
  readonly found: readonly WorkspaceEntry[];
  /** The room that a later execution will have; it is the same as this one's. */
  readonly room: WorkspaceRoom;
  /** When to give up; milliseconds since 1970. */
  readonly until: number;
}

interface Kept {
  readonly manifest: Manifest;
  /** Paths that didn't fit. */
  readonly left: readonly string[];
}

export type Saved =
  | (Kept & { readonly state: "unchanged" })
  | (Kept & { readonly state: "saved"; readonly manifestSha256: string });

const packsInFlightMax = 2;

/** @throws {Error} If it can't be stored in time; nothing refers to the stored parts then. */
export async function saveWorkspace(target: WorkspaceTarget, saving: Saving): Promise<Saved> {
  const known = knownParts(saving);
  const fresh = new Map<string, FoundFile>();
  for (const file of saving.found) {
    if (file.type !== "file" || known.has(file.sha256) || fresh.has(file.sha256)) continue;
    fresh.set(file.sha256, file);
  }
  const blobs = [...fresh.values()].map(({ sha256, ...file }) => {
    return { sha256, sizeBytes: dataBytesOf(file) };
  });
  const plans = planPacks(blobs);
  const digests = await uploadPacks(target, plans, { ...saving, fresh });
  const parts = new Map([...known, ...freshParts(fresh, partsByBlob(plans, digests))]);
  const found = manifestOf(saving.found.map((entry) => entryOf(entry, parts)));
  const paths = new Set(saving.base.entries.map(({ path }) => path));
  const whole = withAbsent(found, saving);
  const isFirst = ({ path }: ManifestEntry) => paths.has(path);
  const fitted = atOnce(fitToStore(whole, roomWith(saving), isFirst));
  const kept = { manifest: fitted.manifest, left: fitted.left.map(({ path }) => path) };
  const isKnown = saving.isBaseNewest && isUnchanged(saving.base, fitted.manifest);
  if (isKnown) return { state: "unchanged", ...kept };
  const manifestSha256 = manifestDigest(fitted.bytes);
  await target.putManifest(manifestSha256, fitted.bytes, saving.until);
  return { state: "saved", ...kept, manifestSha256 };
}

/** A base that exceeds this execution's room may stay as large as it was. */
function roomWith({ base, room }: Saving): WorkspaceRoom {
  const before = footprintOf(base);
  return {
    restoreBytes: Math.max(room.restoreBytes, before.restoreBytes),
    inodes: Math.max(room.inodes, before.inodes),
  };
}

/** Adds what wasn't brought in, as if another execution had put it there meanwhile. */
function withAbsent(found: Manifest, { base, absent }: Saving): Manifest {
  if (absent.length === 0) return found;
  const gone = new Set(absent.map(({ path }) => path));
  const began = manifestOf(base.entries.filter(({ path }) => !gone.has(path)));
  return mergeManifests({ base: began, ours: found, theirs: base }).manifest;
}

/** Where known contents are stored, so they needn't be sent; only those that were brought in. */
function knownParts({ base, absent }: Saving): Map<string, Part[]> {
  const missing = new Set(absent.map(({ path }) => path));
  return new Map(
    base.entries.flatMap((entry): [string, Part[]][] =>
      entry.type === "file" && !missing.has(entry.path) ? [[entry.sha256, entry.parts]] : [],
    ),
  );
}

function dataBytesOf({ ranges, sizeBytes }: Pick<FoundFile, "ranges" | "sizeBytes">): number {
  return ranges?.reduce((sum, range) => sum + range.sizeBytes, 0) ?? sizeBytes;
}

/** Where the bytes of each new content will be stored, and where its holes are. */
function freshParts(
  fresh: ReadonlyMap<string, FoundFile>,
  stored: ReadonlyMap<string, Part[]>,
): [string, Part[]][] {
  return [...fresh].map(([sha256, { ranges, sizeBytes }]) => {
    const parts = stored.get(sha256) ?? [];
    return [sha256, ranges === undefined ? parts : spread(parts, ranges, sizeBytes)];
  });
}

function entryOf(entry: WorkspaceEntry, parts: ReadonlyMap<string, Part[]>): ManifestEntry {
  if (entry.type !== "file") return entry;
  const { ranges, ...file } = entry;
  const whole = parts.get(entry.sha256) ?? [];
  // The same content may be stored without holes, and then takes more room.
  const sparse = ranges === undefined ? whole : withHoles(whole, ranges, entry.sizeBytes);
  return { ...file, parts: sparse.length <= partsMax ? sparse : whole };
}

interface Upload {
  readonly folder: string;
  readonly fresh: ReadonlyMap<string, FoundFile>;
  readonly until: number;
}

async function uploadPacks(
  target: WorkspaceTarget,
  plans: readonly PackPlan[],
  { folder, fresh, until }: Upload,
): Promise<string[]> {
  const digests: string[] = [];
  const pending = [...plans.entries()];
  const worker = async () => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const [index, plan] = next;
      const pack = Buffer.concat(
        plan.segments.flatMap(({ sha256, blobOffsetBytes, sizeBytes }) => {
          const file = fresh.get(sha256);
          return file === undefined
            ? []
            : readData(folder, file, { offsetBytes: blobOffsetBytes, sizeBytes });
        }),
      );
      const digest = createHash("sha256").update(pack).digest("hex");
      digests[index] = digest;
      await target.putPack(digest, pack, until);
    }
  };
  await Promise.all(Array.from({ length: packsInFlightMax }, worker));
  return digests;
}

/** Reads bytes of a file, at positions that don't count its holes. */
function readData(folder: string, { path, ranges }: FoundFile, data: Range): Buffer[] {
  const places = ranges === undefined ? [data] : placesOf(ranges, data);
  return places.map((place) => readSlice(join(folder, path), place));
}
