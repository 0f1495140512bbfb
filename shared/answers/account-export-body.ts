import type * as z from "zod";
import type { AccountExportBody } from "../contract/account-export.ts";
import { iso, isoOrNull } from "../contract/common.ts";
import { retention } from "../core/retention/retention-table.ts";
import type { AccountExport } from "../store/account-exports.ts";

/** An export as the API shows it. */
export function accountExportBody(stored: AccountExport): z.input<typeof AccountExportBody> {
  const { id, state, requestedAt, completedAt, sizeBytes, sha256 } = stored;
  return {
    id,
    status: state,
    requestedAt: iso(requestedAt),
    completedAt: isoOrNull(completedAt),
    expiresAt: isoOrNull(archiveExpiresAt(stored)),
    sizeBytes,
    sha256,
  };
}

/** When its archive can't be downloaded any more; null if there is none. */
export function archiveExpiresAt({ state, completedAt }: AccountExport): number | null {
  if (state !== "ready" || completedAt === null) return null;
  return completedAt + retention.accountExports.keptMs;
}
