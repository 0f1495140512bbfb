/** Makes packs of an uploaded object, because workspaces consist of packs. */

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Part } from "#shared/core/workspace/manifest";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { getObject } from "#shared/google/objects";
import type { Owner } from "#shared/identity/owner";
import { type StoringDeps, storeObject } from "#shared/quotas/store-object";
import type { Transfer } from "#shared/store/transfers";

/** What is in memory at once is this, and as much again that is being stored. */
const pieceBytes = 8 * 1024 * 1024;

export interface Packed {
  readonly parts: Part[];
  readonly sha256: string;
}

/** A decision may be repeated, and its bytes needn't be read again. */
const packed = new WeakMap<IncomingMessage, Promise<Packed>>();

/**
 * Reads the object once, while its pieces are stored and hashed. Packs of an upload that isn't
 * completed afterwards are swept like all that nothing names.
 * @throws {ApiError} `QUOTA_REACHED`, `UNAVAILABLE`.
 */
export function packTransfer(
  deps: StoringDeps,
  owner: Owner,
  from: {
    readonly transfer: Transfer;
    readonly request: IncomingMessage;
    readonly signal: AbortSignal;
  },
): Promise<Packed> {
  const known = packed.get(from.request);
  if (known) return known;
  const made = pack(deps, owner, from);
  packed.set(from.request, made);
  return made;
}

async function pack(
  deps: StoringDeps,
  owner: Owner,
  { transfer: { id, sizeBytes: total }, signal }: Parameters<typeof packTransfer>[2],
): Promise<Packed> {
  const hash = createHash("sha256");
  const parts: Part[] = [];
  let storing: Promise<unknown> = Promise.resolve();
  for (let offsetBytes = 0; offsetBytes < total; offsetBytes += pieceBytes) {
    if (signal.aborted) throw new ApiError("UNAVAILABLE", { cause: "the client has gone" });
    const range = { offsetBytes, sizeBytes: Math.min(pieceBytes, total - offsetBytes) };
    const [bytes] = await allInOrder([
      getObject(owner, { kind: "transfers", sha256: id }, range),
      storing,
    ]);
    if (bytes.length !== range.sizeBytes) {
      throw new ApiError("UNAVAILABLE", { cause: "an upload's object is too short" });
    }
    hash.update(bytes);
    storing = storeObject(deps, owner, { kind: "packs", bytes }).then((sha256) => {
      parts.push({ pack: sha256, offsetBytes: 0, sizeBytes: bytes.length });
    });
    // It is awaited with the next piece; failing before, it mustn't end the process.
    storing.catch(() => undefined);
  }
  await storing;
  return { parts, sha256: hash.digest("hex") };
}
