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
import { OncePerRequest } from "./once-per-request.ts";

/** How pieces are read and stored; tests pass their own. */
const real = { pieceBytes: 8 * 1024 * 1024, read: getObject, store: storeObject };

export interface Packed {
  readonly parts: Part[];
  readonly sha256: string;
}

const packed = new OncePerRequest<Packed>();

/**
 * Reads the object once, while its pieces are stored and hashed. Packs of an upload that isn't
 * completed afterwards are swept like all that nothing names.
 * @throws {ApiError} `QUOTA_REACHED`, `UNAVAILABLE`.
 */
export async function packTransfer(
  deps: StoringDeps,
  owner: Owner,
  from: {
    readonly transfer: Transfer;
    readonly request: IncomingMessage;
    readonly signal: AbortSignal;
  },
  using: typeof real = real,
): Promise<Packed> {
  return await packed.do(from.request, async () => await pack(deps, owner, from, using));
}

async function pack(
  deps: StoringDeps,
  owner: Owner,
  { transfer: { id, sizeBytes: total }, signal }: Parameters<typeof packTransfer>[2],
  { pieceBytes, read, store }: typeof real,
): Promise<Packed> {
  const hash = createHash("sha256");
  const parts: Part[] = [];
  let storing: Promise<unknown> = Promise.resolve();
  // One is filled while the other is stored. New ones for each piece would wait to be collected.
  // What a try that was given up still sends of one is refused: the object is there by then.
  const rooms = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(pieceBytes, total)));
  for (let offsetBytes = 0; offsetBytes < total; offsetBytes += pieceBytes) {
    if (signal.aborted) throw new ApiError("UNAVAILABLE", { cause: "the client has gone" });
    const range = { offsetBytes, sizeBytes: Math.min(pieceBytes, total - offsetBytes) };
    const [bytes] = await allInOrder([
      read(owner, { kind: "transfers", sha256: id }, range, rooms[(offsetBytes / pieceBytes) % 2]),
      storing,
    ]);
    if (bytes.length !== range.sizeBytes) {
      throw new ApiError("UNAVAILABLE", { cause: "an upload's object is too short" });
    }
    hash.update(bytes);
    storing = store(deps, owner, { kind: "packs", bytes }).then((sha256) => {
      parts.push({ pack: sha256, offsetBytes: 0, sizeBytes: bytes.length });
    });
    // It is awaited with the next piece; failing before, it mustn't end the process.
    storing.catch(() => undefined);
  }
  await storing;
  return { parts, sha256: hash.digest("hex") };
}
