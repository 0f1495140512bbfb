/**
 * Builds an export that an owner has asked for. Each attempt is noted before it begins and writes
 * an object of its own, and the export names the attempt whose object is complete. So a process
 * that dies at any point leaves nothing but an object that the bucket deletes, and a later call
 * begins again.
 */
import { derivedId } from "../core/ids.ts";
import { hourMs } from "../core/retention/periods.ts";
import { ApiError } from "../errors/api-error.ts";
import { storeExport } from "../google/export-objects.ts";
import type { Owner } from "../identity/owner.ts";
import { existingOwner } from "../owners/act-on-owner.ts";
import {
  type AccountExport,
  accountExportId,
  accountExports,
  type dueExports,
} from "../store/account-exports.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { patch, remove, type Version } from "../store/documents.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { archiveEntries } from "./archive-entries.ts";
import type { ExportDeps } from "./archive-entry.ts";
import { commit, ExportLease, isBeingDeleted, leaseMs, minuteMs, Taken } from "./export-lease.ts";
import { archivePieces, type WrittenArchive } from "./write-archive.ts";

/** A new trail's first checkpoint takes two minutes. */
const trailWaitMsMax = 60 * minuteMs;
const attemptsMax = 5;

export type Outcome = "built" | "taken" | "waits" | "failed" | "gone";

type Due = FoundDocument<(typeof dueExports)["schema"]>;

/**
 * @returns `taken` if another process builds it, `waits` if there is no signed checkpoint yet, or
 *   if the account is being deleted.
 * @throws if it can't be built now; it is due again once the lease is over.
 */
export async function buildExport(deps: ExportDeps, due: Due): Promise<Outcome> {
  try {
    return await build(deps, due);
  } catch (cause) {
    if (cause instanceof Taken) return "taken";
    throw cause;
  }
}

async function build(deps: ExportDeps, due: Due): Promise<Outcome> {
  const { store, now } = deps;
  if (await isBeingDeleted(store, due.value.ownerId)) {
    await commit(store, [patch(due.ref, { dueAt: now() + hourMs }, { version: due.version })]);
    return "waits";
  }
  const { owner } = await existingOwner(store, due.value.ownerId);
  const { ref, value: asked, version } = await store.get(accountExports.of(owner, accountExportId));
  if (!asked || asked.state === "ready" || asked.state === "failed") {
    await commit(store, [remove(due.ref, due.version)]);
    return "gone";
  }
  const attempt = asked.attempt + 1;
  const end = async (versions: Versions, written: WrittenArchive | null) => {
    const ended = { ...asked, attempt, ...endOf(written), completedAt: now() };
    await commit(store, [
      remove(due.ref, versions.due),
      patch(ref, ended, { version: versions.asked }),
      rowOf(owner, ended),
    ]);
  };
  if (attempt > attemptsMax) {
    await end({ due: due.version, asked: version }, null);
    return "failed";
  }
  const claimed = await commit(store, [
    patch(due.ref, { dueAt: now() + leaseMs }, { version: due.version }),
    patch(ref, { state: "building", attempt }, { version }),
  ]);
  const lease = new ExportLease(deps, { ref: due.ref, ownerId: owner.id }, claimed);
  try {
    const written = await storeArchive(deps, owner, { ...asked, attempt }, lease);
    await end({ due: lease.version, asked: claimed }, written);
    return "built";
  } catch (cause) {
    const isPending = cause instanceof ApiError && cause.code === "AUDIT_PENDING";
    if (!isPending || now() > asked.requestedAt + trailWaitMsMax) throw cause;
    // It wasn't an attempt: nothing was stored.
    await commit(store, [
      patch(due.ref, { dueAt: now() + minuteMs }, { version: lease.version }),
      patch(ref, { state: "waiting", attempt: asked.attempt }, { version: claimed }),
    ]);
    return "waits";
  }
}

interface Versions {
  readonly due: Version;
  readonly asked: Version;
}

async function storeArchive(
  deps: ExportDeps,
  owner: Owner,
  { id, attempt }: AccountExport,
  lease: ExportLease,
): Promise<WrittenArchive> {
  let written: WrittenArchive | null = null;
  const about = { ownerId: owner.id, madeAt: deps.now() };
  const pieces = archivePieces(archiveEntries(deps, owner), about, (all) => {
    written = all;
  });
  await storeExport(owner, { exportId: id, attempt }, lease.keptWhile(pieces));
  if (written === null) throw new ApiError("UNAVAILABLE", { cause: "the archive has no end" });
  return written;
}

function endOf(written: WrittenArchive | null) {
  return written === null
    ? ({ state: "failed", sizeBytes: null, sha256: null } as const)
    : ({ state: "ready", ...written } as const);
}

function rowOf(
  owner: Owner,
  { id, attempt, state, sizeBytes, sha256, completedAt }: AccountExport,
) {
  const rowId = derivedId("auditRow", owner.id, "export", id);
  return auditEntry(owner, {
    id: rowId,
    at: completedAt ?? 0,
    actor: { type: "maintenance", id: "exporter" },
    action: state === "ready" ? "account.exported" : "account.export_failed",
    subject: id,
    requestId: rowId,
    facts: { attempt, sizeBytes, sha256 },
    sealedDetails: null,
  });
}
