import { gatewayKeys } from "#shared/config";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { ApiError } from "#shared/errors/api-error";
import { timing } from "#shared/executions/timing";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { HeartbeatReply, HeartbeatRequest } from "#shared/protocol/runner";
import { extendLease } from "./extend-lease.ts";
import { formatLease, parseLease } from "./lease.ts";
import { noteRunning } from "./live-executions.ts";

export const heartbeat = route({
  answers: "POST /internal/executions/heartbeat",
  summary: "Extend the lease: one write, no read, unless more must be held or somebody changed it.",
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
    const lease = parseLease(body.leaseVersion, claims.executionId, gatewayKeys());
    if (!lease) throw new ApiError("VALIDATION_FAILED", { message: "leaseVersion is malformed." });
    const beat = { claims, lease, readerUntil: body.readerUntil, now };
    const extended = await extendLease(deps, owner, beat);
    noteRunning(claims, now);
    return extended;
  },
  decide({ caller: { claims }, data }) {
    const { heartbeatIntervalMs } = timing();
    const { expiresAt, readerUntil, stop } = data;
    const version = formatLease({ ...data, executionId: claims.executionId }, gatewayKeys());
    const lease = { version, expiresAt, heartbeatIntervalMs, readerUntil };
    return { writes: [], reply: ok({ lease, stop }) };
  },
});
