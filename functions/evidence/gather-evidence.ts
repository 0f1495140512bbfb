/** Collects what is on record of an execution that has ended. What can't be had is null. */

import { readProvenHead } from "#shared/audit/read-proven-head";
import { digestOf } from "#shared/core/audit/canonical-bytes";
import { type Evidence, evidenceAttemptsMax } from "#shared/core/audit/evidence-format";
import { derivedId } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { type EgressPage, readEgress } from "#shared/executions/egress-log";
import { requireShown } from "#shared/executions/shown-execution";
import { auditRows } from "#shared/store/audit-rows";
import type { Execution } from "#shared/store/executions";
import { ledger } from "#shared/store/owners";
import { fileChangesIn, readEnd } from "./file-changes.ts";
import { proveRows } from "./prove-rows.ts";
import { type Sources, whyLogsAreGone } from "./sources.ts";
import { taskOf } from "./task-of.ts";

/** An execution has a row for its start, one per claim and end, and a few of those who stop it. */
const rowsMax = 200;
const runningRetryS = "10";
const pinned = /@sha256:[0-9a-f]{64}$/;

/**
 * @throws {ApiError} `NOT_FOUND`; `EXECUTION_RUNNING` and `AUDIT_PENDING` with a time to wait.
 */
export async function gatherEvidence(sources: Sources, executionId: string): Promise<Evidence> {
  const { store, owner, now, log } = sources;
  // These need nothing of the execution, and fail after what does, so that its answer comes first.
  const head = begun(readProvenHead(store, owner, log));
  const logs = begun(readLogs(sources, executionId));
  const [{ value: execution }, found] = await allInOrder([
    requireShown(store, owner, executionId),
    store.findAll(auditRows.all(owner), {
      where: [["subject", executionId]],
      orderBy: [["at", "desc"]],
      limit: rowsMax,
    }),
  ]);
  const facts = factsOf(execution);
  const stored = found.map(({ value }) => value);
  const [{ trail, rows }, { page, batches }, costs] = await allInOrder([
    proveRows({ store, owner, head }, stored),
    logs,
    costsOf(sources, execution),
  ]);
  const changes = fileChangesIn(batches, execution, now);
  const { baseManifestSha256, savedManifestSha256, workspaceState: state } = execution;
  const wasSaved = state === "saved" && savedManifestSha256 === null;
  return {
    madeAt: now,
    execution: facts,
    task: taskOf(execution, stored),
    image: imageOf(execution),
    network: { policy: execution.network, sha256: digestOf(execution.network) },
    limits: { values: execution.limits, sha256: digestOf(execution.limits) },
    workspace: {
      state,
      baseManifestSha256,
      savedManifestSha256,
      reason: wasSaved ? "The release that ran it recorded no manifest." : null,
    },
    files: changes.files && [...changes.files],
    filesReason: changes.reason,
    ...egressOf(page, execution, now),
    costs,
    trail,
    rows,
  };
}

/** @throws {ApiError} `EXECUTION_RUNNING`. */
function factsOf(execution: Execution): Evidence["execution"] {
  const { status } = execution;
  if (status === "queued" || status === "running") {
    throw new ApiError("EXECUTION_RUNNING", { headers: { "retry-after": runningRetryS } });
  }
  const { id, ownerId, threadId, environmentId, messageId, keyId, reason, exitCode } = execution;
  const { attempt, profile, holdMicrousd, chargedMicrousd } = execution;
  const { createdAt, claimedAt, endedAt } = execution;
  const names = { id, ownerId, threadId, environmentId, messageId, keyId };
  const outcome = { status, reason, exitCode, attempt, profile };
  const money = { heldMicrousd: holdMicrousd, chargedMicrousd };
  return { ...names, ...outcome, ...money, createdAt, claimedAt, endedAt };
}

function imageOf({ image, dispatchedAt }: Execution): Evidence["image"] {
  if (image !== null && pinned.test(image)) return { reference: image, reason: null };
  if (dispatchedAt === null) return { reference: null, reason: "No container was started." };
  const named = image !== null;
  return {
    reference: null,
    reason: named ? "The platform named the image without a digest." : "Its image isn't recorded.",
  };
}

function egressOf(
  { attempts, total, cut }: EgressPage,
  execution: Execution,
  now: number,
): Pick<Evidence, "egress" | "attempts"> {
  const gone = whyLogsAreGone(execution, now);
  if (gone !== null) return { egress: { total: 0, cut: 0, reason: gone }, attempts: null };
  const left = total - attempts.length;
  const reason = left > 0 ? `The last ${left} attempts are in the egress log only.` : null;
  return { egress: { total, cut, reason }, attempts: [...attempts] };
}

async function readLogs({ store, owner, now }: Sources, executionId: string) {
  const asked = { executionId, limit: evidenceAttemptsMax, offset: 0, now };
  const [page, batches] = await allInOrder([
    readEgress(store, owner, asked),
    readEnd(store, owner, executionId),
  ]);
  return { page, batches };
}

/** A promise that may fail before anybody waits for it. */
function begun<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** The lines that its end wrote, whose ids derive from it. */
async function costsOf(
  { store, owner }: Sources,
  { id: executionId, attempt }: Execution,
): Promise<Evidence["costs"]> {
  const refs = (["charge", "loss"] as const).map((type) =>
    ledger.of(owner, derivedId("ledgerEntry", executionId, String(attempt), type)),
  );
  const lines = await store.getAll(...refs);
  return lines.flatMap(({ value }) => {
    if (value === null || (value.type !== "charge" && value.type !== "loss")) return [];
    const { id, type, amountMicrousd, lossMicrousd, days, description, createdAt } = value;
    return [{ id, type, amountMicrousd, lossMicrousd, days, description, createdAt }];
  });
}
