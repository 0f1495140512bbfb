/** Takes a workspace out: only bytes the base doesn't have travel, in packs. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  type Manifest,
  type ManifestEntry,
  manifestBytes,
  manifestDigest,
  manifestOf,
  type Part,
} from "#shared/core/manifest";
import { type PackPlan, partsByBlob, planPacks } from "#shared/core/packs";
import { manifestBytesMax } from "#shared/protocol/runner";
import { type Found, type FoundFile, readSlice } from "./scan-workspace.ts";

export interface WorkspaceTarget {
  putManifest(digest: string, body: Uint8Array, until: number): Promise<void>;
  putPack(digest: string, body: Uint8Array, until: number): Promise<void>;
}

export interface Saving {
  readonly folder: string;
  readonly base: Manifest;
  /** Digest of the base as stored; null when it started empty. */
  readonly baseDigest: string | null;
  readonly found: readonly Found[];
  /** When to give up; milliseconds since 1970. */
  readonly until: number;
}

export type Saved =
  | { readonly state: "unchanged"; readonly manifest: Manifest }
  | { readonly state: "saved"; readonly manifest: Manifest; readonly manifestSha256: string };

const packsInFlightMax = 2;

/** @throws {Error} When it can't be stored in time; nothing refers to what was stored then. */
export async function saveWorkspace(target: WorkspaceTarget, saving: Saving): Promise<Saved> {
  const known = partsOf(saving.base);
  const files = saving.found.filter((entry) => entry.type === "file");
  const fresh = files.filter(({ sha256 }) => !known.has(sha256));
  const plans = planPacks(fresh);
  const digests = await uploadPacks(target, plans, { ...saving, files: fresh });
  const parts = new Map([...known, ...partsByBlob(plans, digests)]);
  const manifest = manifestOf(saving.found.map((entry) => entryOf(entry, parts)));
  const isEmpty = saving.baseDigest === null && manifest.entries.length === 0;
  const bytes = manifestBytes(manifest);
  const manifestSha256 = manifestDigest(bytes);
  if (isEmpty || manifestSha256 === saving.baseDigest) return { state: "unchanged", manifest };
  if (bytes.length > manifestBytesMax) throw new Error("The list of files is too long.");
  await target.putManifest(manifestSha256, bytes, saving.until);
  return { state: "saved", manifest, manifestSha256 };
}

function partsOf(base: Manifest): Map<string, Part[]> {
  const files = base.entries.filter((entry) => entry.type === "file");
  return new Map(files.map(({ sha256, parts }) => [sha256, parts]));
}

function entryOf(entry: Found, parts: ReadonlyMap<string, Part[]>): ManifestEntry {
  return entry.type === "file" ? { ...entry, parts: parts.get(entry.sha256) ?? [] } : entry;
}

interface Upload {
  readonly folder: string;
  readonly files: readonly FoundFile[];
  readonly until: number;
}

async function uploadPacks(
  target: WorkspaceTarget,
  plans: readonly PackPlan[],
  { folder, files, until }: Upload,
): Promise<string[]> {
  const pathOf = new Map(files.map(({ sha256, path }) => [sha256, join(folder, path)]));
  const digests: string[] = [];
  const pending = [...plans.entries()];
  const worker = async () => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const [index, plan] = next;
      const pack = Buffer.concat(
        plan.segments.map(({ sha256, blobOffsetBytes, sizeBytes }) =>
          readSlice(pathOf.get(sha256) ?? "", blobOffsetBytes, sizeBytes),
        ),
      );
      const digest = createHash("sha256").update(pack).digest("hex");
      digests[index] = digest;
      await target.putPack(digest, pack, until);
    }
  };
  await Promise.all(Array.from({ length: packsInFlightMax }, worker));
  return digests;
}
