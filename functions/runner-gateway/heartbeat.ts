import type { Owner } from "#shared/auth/owner";
import { noParams, noQuery, ok } from "#shared/contract/common";
import type { TokenClaims } from "#shared/core/ticket";
import { ApiError } from "#shared/errors/api-error";
import { timing } from "#shared/executions/timing";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { HeartbeatReply, HeartbeatRequest } from "#shared/protocol/runner";
import { answered, isConflict } from "#shared/store/answered";
import { patch, type Version } from "#shared/store/documents";
import { executions } from "#shared/store/executions";
import type { Store } from "#shared/store/store";
import { formatVersion, parseVersion } from "#shared/store/versions";

/** How often somebody else may write between our read and our commit before we give up. */
const attemptsMax = 4;

export const heartbeat = route({
  answers: "POST /internal/executions/heartbeat",
  summary: "Extend the lease: one write, no read, unless somebody changed the execution.",
  authenticate: "execution",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: HeartbeatRequest,
  bodyBytesMax: jsonBytesMax,
  limits: "none",
  budget: "free",
  audit: "none",
  reply: { 200: HeartbeatReply },
  read: async ({ caller: { owner, claims }, body, deps, now }) => {
    const known = parseVersion(body.leaseVersion);
    if (!known) throw new ApiError("VALIDATION_FAILED", { message: "leaseVersion is malformed." });
    const expiresAt = now + timing().leaseMs;
    const beat = { claims, known, expiresAt, readerUntil: body.readerUntil };
    return { ...(await extend(deps.store, owner, beat)), expiresAt };
  },
  decide({ data: { version, expiresAt, readerUntil, stop } }) {
    const { heartbeatIntervalMs } = timing();
    const lease = { version: formatVersion(version), expiresAt, heartbeatIntervalMs, readerUntil };
    return { writes: [], reply: ok({ lease, stop }) };
  },
});

interface Extension {
  readonly claims: TokenClaims;
  readonly known: Version;
  readonly expiresAt: number;
  /** As of `known`. */
  readonly readerUntil: number;
}

/**
 * Whoever changes an execution changes its version, so a beat that finds its own has nothing to
 * hear; any other reads what happened: the job's name, a cancellation, an end.
 */
async function extend(store: Store, owner: Owner, beat: Extension) {
  const { claims, expiresAt } = beat;
  const ref = executions.of(owner, claims.executionId);
  const fields = { leaseExpiresAt: expiresAt, sweepAt: expiresAt };
  let { known: version, readerUntil } = beat;
  let stop: "cancelled" | null = null;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    try {
      version = await answered(store.commit([patch(ref, fields, { version })]));
      return { version, readerUntil, stop };
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    const current = await store.require(ref);
    const { status, attempt: newest, cancelRequestedAt } = current.value;
    if (status !== "running" || newest !== claims.attempt) throw new ApiError("LEASE_LOST");
    ({ version } = current);
    ({ readerUntil } = current.value);
    stop = cancelRequestedAt === null ? null : "cancelled";
  }
  throw new ApiError("CONTENTION");
}
