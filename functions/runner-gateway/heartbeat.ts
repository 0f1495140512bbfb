import { noParams, noQuery, ok } from "#shared/contract/common";
import { ApiError } from "#shared/errors/api-error";
import { heartbeatIntervalMs, leaseMs } from "#shared/executions/timing";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { HeartbeatReply, HeartbeatRequest } from "#shared/protocol/runner";
import { answered, isConflict } from "#shared/store/answered";
import { patch } from "#shared/store/documents";
import { executions } from "#shared/store/executions";
import { formatVersion, parseVersion } from "#shared/store/versions";

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
  read: async ({ caller: { owner, id, claims }, body, deps, now }) => {
    const ref = executions.of(owner, id);
    const leaseExpiresAt = now + leaseMs;
    const fields = { leaseExpiresAt, sweepAt: leaseExpiresAt };
    const known = parseVersion(body.leaseVersion);
    if (!known) throw new ApiError("VALIDATION_FAILED", { message: "leaseVersion is malformed." });
    try {
      const version = await answered(deps.store.commit([patch(ref, fields, { version: known })]));
      return { version, expiresAt: leaseExpiresAt };
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    // Somebody else wrote: the job's name, a sweep, a cancellation.
    const { value, version } = await deps.store.require(ref);
    if (value.status !== "running" || value.attempt !== claims.attempt)
      throw new ApiError("LEASE_LOST");
    const extended = await answered(deps.store.commit([patch(ref, fields, { version })]));
    return { version: extended, expiresAt: leaseExpiresAt };
  },
  decide({ data: { version, expiresAt } }) {
    const lease = { version: formatVersion(version), expiresAt, heartbeatIntervalMs };
    return { writes: [], reply: ok({ lease, stop: null }) };
  },
});
