import { noParams, noQuery, ok } from "#shared/contract/common";
import { derivedId } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import {
  chargeableCostMicrousd,
  endExecution,
  measuredCostMicrousd,
} from "#shared/executions/end-execution";
import { lastStoredSequence } from "#shared/executions/event-log";
import { withLayer } from "#shared/executions/layer-of";
import type { Owner } from "#shared/identity/owner";
import { change } from "#shared/pipeline/route";
import { outputBytesMax, SettleReply, SettleRequest } from "#shared/protocol/runner";
import { patch, type Write } from "#shared/store/documents";
import { type Environment, environments } from "#shared/store/environments";
import { type Execution, egressBatches, executions } from "#shared/store/executions";
import { readMeter } from "#shared/store/model-meters";
import { requireFound } from "#shared/store/read-document";
import type { ReadStore } from "#shared/store/store";
import { recordChange } from "#shared/workspace/snapshot-changes";
import { noteEnded, unprovenMsMax } from "./live-executions.ts";
import { nextLayer } from "./next-layer.ts";
import { nextWorkspace } from "./next-workspace.ts";

/** A byte of output may take six bytes of JSON. */
const bodyBytesMax = 7 * outputBytesMax;

export const settleExecution = change({
  endpoint: "POST /internal/executions/settle",
  summary: "End an execution: output, workspace, money, message and audit row in one commit.",
  authenticate: "execution",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: SettleRequest,
  bodyBytesMax,
  requestClass: "none",
  beforeConfirmed: "reads",
  account: "settle",
  audit: "execution.ended",
  reply: { 200: SettleReply },
  read: async ({ caller: { owner, claims }, body, deps, repeated, now }) => {
    const [[execution, environment], storedLast, sent] = await allInOrder([
      deps.store.getAll(
        executions.of(owner, claims.executionId),
        environments.of(owner, claims.environmentId),
      ),
      // If an answer was lost, an event is stored that the runner doesn't know of.
      repeated || claimsNoWork(body)
        ? lastStoredSequence(deps.store, owner, claims.executionId)
        : 0,
      claimsNoWork(body) ? hasEgress(deps.store, owner, claims.executionId) : false,
    ]);
    const eventsLastSequence = Math.max(body.eventsLastSequence, storedLast);
    const found = requireFound(execution);
    const { value } = found;
    const hasLogs = eventsLastSequence > 0 || sent;
    const idle = claimsNoWork(body) && !hasLogs && mayBeUnproven(value, now);
    const meter = await readMeter(deps.store, owner, value);
    const known = { found, meter, eventsLastSequence, idle };
    if (value.attempt !== claims.attempt || value.status === "queued")
      throw new ApiError("LEASE_LOST");
    if (value.status !== "running") return { ...known, settled: value, environment: null };
    // The environment may have been deleted meanwhile, and its workspace with it.
    return { ...known, settled: null, environment: environment.version ? environment : null };
  },
  prepare: async ({ caller: { owner }, body, data, deps, signal }) => {
    const { found, environment } = data;
    const { keepsChanges, build } = found.value;
    const saved = body.workspace.state === "saved" ? body.workspace.manifestSha256 : null;
    const nothing = { ...data, workspace: null, layer: null };
    if (saved === null || environment === null) return nothing;
    const saving = { execution: found.value, environment, saved, clientSignal: signal };
    // A runner that reports a failure has made no layer, whatever it stored.
    if (build !== null && !build.isTest && body.outcome === "success") {
      return { ...nothing, layer: await nextLayer(owner, saving) };
    }
    if (!keepsChanges) return nothing;
    return { ...nothing, workspace: await nextWorkspace(deps, owner, saving) };
  },
  decide({ caller: { owner }, body, data, account, now }) {
    const { settled, found, environment, workspace, layer } = data;
    if (settled) {
      // The answer to the first try was lost, unless a sweep has ended the execution.
      if (settled.reason === "lost") throw new ApiError("LEASE_LOST");
      return { writes: [], reply: ok({ settled: true, conflicts: settled.conflicts }) };
    }
    if (!account) throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
    const { value: execution, version } = found;
    const before = { execution, version, account, meter: data.meter };
    const conflicts = workspace?.conflicts ?? [];
    const isSaved = body.workspace.state === "saved";
    // A compromised runner could claim this after its work, so then it counts as the runner's
    // error.
    const reason = isIsolation(body) && !data.idle ? "runner_error" : body.reason;
    const ended = endExecution(owner, before, {
      outcome: body.outcome,
      reason,
      exitCode: body.exitCode,
      // An execution that costs nothing gives no output; the reason has a sentence of ours.
      detail: data.idle ? null : (body.detail ?? null),
      output: body.output + (workspace?.note ?? ""),
      outputTruncated: body.outputTruncated,
      workspaceState: isSaved && !workspace && !layer ? "not_saved" : body.workspace.state,
      savedManifestSha256: workspace?.head.manifestSha256 ?? layer?.manifestSha256 ?? null,
      conflicts,
      eventsLastSequence: data.eventsLastSequence,
      costMicrousd: costOf(reason, found.value, now),
      now,
    });
    const changed: Partial<Environment> | null =
      (workspace && { workspace: workspace.head, updatedAt: now }) ??
      (layer &&
        environment && { layers: withLayer(environment.value, { ...layer, builtAt: now }) });
    const recorded =
      environment && workspace
        ? recordChange(owner, environment.value, {
            head: workspace.head,
            changes: workspace.changes,
            origin: {
              id: derivedId("snapshot", execution.id),
              title: "Changed by an execution",
              source: "execution",
              execution,
              now,
            },
          })
        : { writes: [], fields: {} };
    const saved: readonly Write[] =
      environment && changed
        ? [
            patch(
              environment.ref,
              { ...changed, ...recorded.fields },
              { version: environment.version },
            ),
          ]
        : [];
    return {
      writes: [...ended.writes, ...saved, ...recorded.writes],
      account: ended.account,
      subject: found.value.id,
      facts: ended.facts,
      reply: ok({ settled: true, conflicts }),
    };
  },
  after: async ({ caller: { claims } }) => noteEnded(claims),
});

function isIsolation({ reason }: SettleRequest): boolean {
  return reason === "isolation_unavailable";
}

/** The gateway accepts "nothing was executed" only from a runner that reports no results. */
function claimsNoWork(body: SettleRequest): boolean {
  const { outcome, exitCode, output, workspace } = body;
  const ranNothing = outcome === "failed" && exitCode === null;
  return isIsolation(body) && ranNothing && output === "" && workspace.state !== "saved";
}

/** It also rejects it from a runner that stored something or had time to do some work. */
function mayBeUnproven({ claimedAt, hasStored }: Execution, now: number): boolean {
  return !hasStored && claimedAt !== null && now - claimedAt <= unprovenMsMax;
}

async function hasEgress(store: ReadStore, owner: Owner, executionId: string): Promise<boolean> {
  const batches = egressBatches.all(owner, executionId);
  return (await store.findAll(batches, { orderBy: [], limit: 1 })).length > 0;
}

function costOf(reason: SettleRequest["reason"], execution: Execution, now: number): number {
  if (reason === "isolation_unavailable") return 0;
  // A failure on our side is charged for what it used, without the minimum charge.
  if (reason === "runner_error") return measuredCostMicrousd(execution, now);
  return chargeableCostMicrousd(execution, now);
}
