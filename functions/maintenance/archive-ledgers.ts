import * as z from "zod";
import { ok } from "#shared/contract/common";
import type { Owner } from "#shared/identity/owner";
import { ArchiveFork, archiveLedger } from "#shared/owners/archive-ledger";
import { logViolation } from "#shared/pipeline/request-log";
import { action, type Deps } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { isConflict } from "#shared/store/with-deadline";
import { nextOwners, roundQuery } from "./owner-round.ts";

const roundId = "archive-round";

const Outcome = z.object({
  owners: z.int(),
  /** Lines that went into the archive. */
  lines: z.int(),
  failed: z.int(),
  /** Owners whose archive contradicts their ledger. */
  forked: z.int(),
});

export const archiveLedgers = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/archive",
  summary: "Copy new ledger lines into the archive of billing records, owner after owner.",
  query: roundQuery,
  everyMs: 60_000,
  reply: { 200: Outcome },
  perform: async ({ deps, query }) => {
    const outcomes = await nextOwners(deps, {
      id: roundId,
      only: query.owner,
      work: (owner, { isLate }) => archiveOne(deps, owner, isLate),
      failure: "a ledger couldn't be archived; it is tried again",
    });
    const lines = outcomes.flatMap((outcome) => (typeof outcome === "number" ? [outcome] : []));
    return ok({
      owners: outcomes.length,
      lines: lines.reduce((sum, count) => sum + count, 0),
      failed: outcomes.filter((outcome) => outcome === "failed").length,
      forked: outcomes.filter((outcome) => outcome === "forked").length,
    });
  },
});

/** @returns how many lines were archived. */
async function archiveOne(
  deps: Deps,
  owner: Owner,
  isLate: () => boolean,
): Promise<number | "forked"> {
  let count = 0;
  try {
    for (let more = true; more && !isLate(); ) {
      const archived = await archiveLedger(deps.store, owner, { now: deps.now() });
      count += archived.lines;
      more = archived.more;
    }
  } catch (cause) {
    // Another instance archives the same lines, and one of the two is enough.
    if (isConflict(cause)) return count;
    if (!(cause instanceof ArchiveFork)) throw cause;
    logViolation("billing_archive_violation", { ownerId: owner.id, number: cause.number });
    return "forked";
  }
  return count;
}
