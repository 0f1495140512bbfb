/**
 * Records that a trail was read, in the trail itself (AUD-6): one row per key, route and hour, so
 * that polling doesn't make a trail grow. The logs of requests have each read.
 */
import { expiryOf } from "../core/retention/expiry.ts";
import { hourMs } from "../core/retention/periods.ts";
import { sealAuditDetails } from "../secrets/audit-details.ts";
import { auditReads } from "../store/audit-reads.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { createOrReplace, type Snapshot } from "../store/documents.ts";
import type { ReadStore } from "../store/store.ts";
import type { AnyContext, Callers, Deps } from "./route.ts";

export type AuditRoute =
  | "list"
  | "row"
  | "proof"
  | "consistency"
  | "export"
  | "details"
  | "evidence";

export type RecordedRead = Snapshot<(typeof auditReads)["schema"]>;

interface Reading {
  readonly caller: Callers["api-key"];
  readonly route: AuditRoute;
}

/** What is recorded of the key's reads by this route. */
export async function findRecordedRead(
  store: ReadStore,
  { caller, route }: Reading,
): Promise<RecordedRead> {
  return await store.get(auditReads.of(caller.owner, `${caller.id}-${route}`));
}

/**
 * Commits the read's row unless this hour has one.
 * @param known What was found before, which is read again if another instance was faster.
 * @param filters The names of the filters in use. Their values may name a person's things.
 * @throws {ApiError} `UNAVAILABLE`, `CONTENTION`; then nothing may be shown.
 */
export async function recordRead(
  deps: Deps,
  reading: Reading & Pick<AnyContext, "request" | "now"> & { readonly filters: string },
  known: RecordedRead,
): Promise<void> {
  const { caller, route, request, now, filters } = reading;
  const hour = Math.floor(now / hourMs);
  // A clock that is behind or ahead records more reads, never fewer.
  if (known.value?.hour === hour) return;
  const { owner, key } = caller;
  const id = deps.newId("auditRow");
  const { address, userAgent } = request;
  const { auditPublicKey: publicKey } = key;
  const place = { ownerId: owner.id, rowId: id, publicKey };
  const sealedDetails = await sealAuditDetails(place, { address, userAgent });
  let found = known;
  await deps.commits.submit({
    owner,
    needsAccount: false,
    refresh: async () => {
      found = await findRecordedRead(deps.store, reading);
    },
    decide: () => {
      if (found.value?.hour === hour) return { writes: [] };
      const expireAt = expiryOf("trailReads", hour * hourMs);
      const row = auditEntry(owner, {
        id,
        at: now,
        actor: { type: "key", id: caller.id },
        action: "audit.read",
        subject: owner.id,
        requestId: request.id,
        facts: { route, filters },
        sealedDetails,
      });
      return { writes: [createOrReplace(found.ref, found.version, { v: 1, hour, expireAt }), row] };
    },
  });
}
