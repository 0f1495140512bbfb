import { gatewayKeys } from "#shared/config";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { ApiError } from "#shared/errors/api-error";
import { timing } from "#shared/executions/timing";
import { action, jsonBytesMax } from "#shared/pipeline/route";
import { HeartbeatReply, HeartbeatRequest } from "#shared/protocol/runner";
import { extendLease } from "./extend-lease.ts";
import { formatLease, parseLease } from "./lease.ts";
import { noteRunning } from "./live-executions.ts";

export const heartbeat = action({
  endpoint: "POST /internal/executions/heartbeat",
  summary:
    "Extend the lease, with one write and no read unless the hold is renewed or the lease changed.",
  authenticate: "execution",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: HeartbeatRequest,
  bodyBytesMax: jsonBytesMax,
  requestClass: "none",
  reply: { 200: HeartbeatReply },
  beforeConfirmed: "nothing",
  read: "nothing",
  perform: async ({ caller: { owner, claims }, body, deps, now }) => {
    const known = parseLease(body.leaseVersion, claims.executionId, gatewayKeys());
    if (!known) throw new ApiError("VALIDATION_FAILED", { message: "leaseVersion is malformed." });
    const beat = { claims, lease: known, readerUntil: body.readerUntil, now };
    const extended = await extendLease(deps, owner, beat);
    noteRunning(claims, now);
    const { heartbeatIntervalMs } = timing();
    const { expiresAt, readerUntil, stop } = extended;
    const version = formatLease({ ...extended, executionId: claims.executionId }, gatewayKeys());
    const lease = { version, expiresAt, heartbeatIntervalMs, readerUntil };
    return ok({ lease, stop });
  },
});
