/** How uploads and downloads of large files are described. */
import * as z from "zod";
import { iso } from "#shared/contract/common";
import type { SignedRequest } from "#shared/google/transfer-objects";
import { hasTransferEnded, type Transfer } from "#shared/store/transfers";

/** All requests of a resumable upload but its last bring a multiple of this. */
export const chunkUnitBytes = 256 * 1024;

/** A request that needs no API key. */
export const SignedRequestBody = z.object({
  url: z.string(),
  method: z.enum(["POST", "GET"]),
  headers: z.record(z.string(), z.string()),
  expiresAt: z.string(),
});

export const UploadBody = z.object({
  id: z.string(),
  environmentId: z.string(),
  path: z.string(),
  size: z.int(),
  sha256: z.string().nullable(),
  state: z.enum(["open", "completed", "cancelled", "expired"]),
  createdAt: z.string(),
  expiresAt: z.string(),
});

export function uploadBody(transfer: Transfer, now: number): z.input<typeof UploadBody> {
  const { id, environmentId, path, sizeBytes, sha256, state, createdAt, endsAt } = transfer;
  const hasExpired = state === "open" && hasTransferEnded(transfer, now);
  return {
    id,
    environmentId,
    path,
    size: sizeBytes,
    sha256,
    state: hasExpired ? "expired" : state,
    createdAt: iso(createdAt),
    expiresAt: iso(endsAt),
  };
}

export function signedBody(
  { url, method, headers }: SignedRequest,
  expiresAt: number,
): z.input<typeof SignedRequestBody> {
  return { url, method, headers, expiresAt: iso(expiresAt) };
}
