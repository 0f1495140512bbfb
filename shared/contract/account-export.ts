/** Bodies of `/v1/account/export`. */
import * as z from "zod";

export const AccountExportBody = z.object({
  id: z.string(),
  /** From `waiting` to `building` within a minute, then `ready`, or `failed` after some tries. */
  status: z.enum(["waiting", "building", "ready", "failed"]),
  requestedAt: z.string(),
  completedAt: z.string().nullable(),
  /** From then on the archive can't be downloaded; null until it is ready. */
  expiresAt: z.string().nullable(),
  sizeBytes: z.int().nullable(),
  /** The hash of the archive's bytes, in hex. */
  sha256: z.string().nullable(),
});
export type AccountExportBody = z.infer<typeof AccountExportBody>;
