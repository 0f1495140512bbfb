/** Puts blobs into packs. A pack is one request, so many files take few requests. */

import { packBytesMax } from "../../protocol/runner.ts";
import { assert } from "../assert.ts";
import type { Part } from "./manifest.ts";

/** A file's bytes, identified by their SHA-256. */
export interface Blob {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A slice of a blob and where it goes. */
export interface Segment {
  readonly sha256: string;
  readonly blobOffsetBytes: number;
  readonly packOffsetBytes: number;
  readonly sizeBytes: number;
}

export interface PackPlan {
  readonly sizeBytes: number;
  readonly segments: readonly Segment[];
}

/**
 * Lays blobs into packs of at most `packBytes`, in order, each blob once. A blob that fits into a
 * pack stays whole; a larger one is cut. Empty blobs need no place.
 */
export function planPacks(blobs: Iterable<Blob>, packBytes: number = packBytesMax): PackPlan[] {
  assert(Number.isSafeInteger(packBytes) && packBytes > 0, "a pack holds at least a byte");
  const packs: Segment[][] = [[]];
  const planned = new Set<string>();
  for (const { sha256, sizeBytes } of blobs) {
    if (planned.has(sha256)) continue;
    planned.add(sha256);
    let blobOffsetBytes = 0;
    while (blobOffsetBytes < sizeBytes) {
      const leftBytes = sizeBytes - blobOffsetBytes;
      const usedBytes = endOf(packs.at(-1));
      const fitsWhole = leftBytes <= packBytes;
      const isTight = usedBytes > 0 && usedBytes + leftBytes > packBytes;
      const startNew = usedBytes === packBytes || (fitsWhole && isTight);
      if (startNew) packs.push([]);
      const packOffsetBytes = startNew ? 0 : usedBytes;
      const takenBytes = Math.min(leftBytes, packBytes - packOffsetBytes);
      packs.at(-1)?.push({ sha256, blobOffsetBytes, packOffsetBytes, sizeBytes: takenBytes });
      blobOffsetBytes += takenBytes;
    }
  }
  return packs
    .filter((segments) => segments.length > 0)
    .map((segments) => ({ sizeBytes: endOf(segments), segments }));
}

/** Each planned blob's parts, once the packs' digests are known; both lists have the same order. */
export function partsByBlob(
  plans: readonly PackPlan[],
  packDigests: readonly string[],
): Map<string, Part[]> {
  assert(plans.length === packDigests.length, "one digest per pack");
  const parts = new Map<string, Part[]>();
  for (const [index, plan] of plans.entries()) {
    const pack = packDigests[index] ?? "";
    for (const { sha256, packOffsetBytes, sizeBytes } of plan.segments) {
      const part = { pack, offsetBytes: packOffsetBytes, sizeBytes };
      parts.set(sha256, [...(parts.get(sha256) ?? []), part]);
    }
  }
  return parts;
}

function endOf(segments: readonly Segment[] | undefined): number {
  const last = segments?.at(-1);
  return last === undefined ? 0 : last.packOffsetBytes + last.sizeBytes;
}
