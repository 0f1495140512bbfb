/** Extends the lease at a heartbeat and, when half a slice is left, holds more money. */
import type { TokenClaims } from "#shared/core/executions/ticket";
import type { Account } from "#shared/core/money/account";
import { partMicrousd, renew } from "#shared/core/money/hold";
import {
  type Metered,
  mustEnd,
  paidMs,
  type SliceNeed,
  sliceNeed,
} from "#shared/core/money/slices";
import { ApiError } from "#shared/errors/api-error";
import { overheadMs, slices, timing } from "#shared/executions/timing";
import type { Owner } from "#shared/identity/owner";
import type { Deps } from "#shared/pipeline/route";
import { patch, type Version } from "#shared/store/documents";
import { executions } from "#shared/store/executions";
import type { Store } from "#shared/store/store";
import { isConflict, withDeadline } from "#shared/store/with-deadline";
import type { KnownLease } from "./lease.ts";

/** How often another write may come between our read and our commit before we give up. */
const attemptsMax = 4;

export type StopReason = "cancelled" | "budget" | null;

export interface Heartbeat {
  readonly claims: TokenClaims;
  readonly lease: KnownLease;
  /** The value that the lease states. */
  readonly readerUntil: number;
  readonly now: number;
}

export interface Extended {
  readonly version: Version;
  readonly heldMicrousd: number | null;
  readonly expiresAt: number;
  readonly readerUntil: number;
  readonly stop: StopReason;
}

/** @throws {ApiError} `LEASE_LOST` if the execution isn't this attempt's any more. */
export async function extendLease(deps: Deps, owner: Owner, beat: Heartbeat): Promise<Extended> {
  const { metered } = beat.claims;
  if (!metered) return await extend(deps.store, owner, beat);
  const heldMicrousd = beat.lease.heldMicrousd ?? 0;
  const need = sliceNeed(metered, meterState(metered, beat, heldMicrousd), slices());
  return need
    ? await renewSlice(deps, owner, { ...beat, metered, need })
    : await extend(deps.store, owner, beat);
}

interface LeaseState {
  readonly version: Version;
  readonly readerUntil: number;
  readonly stop: StopReason;
}

/**
 * Every change to an execution changes its version, so a heartbeat with the current version has
 * missed nothing. Any other reads what happened: the job's name, a cancellation, an end.
 */
async function extend(store: Store, owner: Owner, beat: Heartbeat): Promise<Extended> {
  const ref = executions.of(owner, beat.claims.executionId);
  const { heldMicrousd } = beat.lease;
  const expiresAt = leaseEnd(beat, heldMicrousd);
  const fields = { leaseExpiresAt: expiresAt, sweepAt: expiresAt };
  let known: LeaseState = { ...beat.lease, readerUntil: beat.readerUntil, stop: null };
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    try {
      const { version } = known;
      const next = await withDeadline(store.commit([patch(ref, fields, { version })]));
      return { ...known, version: next, heldMicrousd, expiresAt };
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    known = await reloadLease(store, owner, beat.claims);
  }
  throw new ApiError("CONTENTION");
}

async function reloadLease(store: Store, owner: Owner, claims: TokenClaims): Promise<LeaseState> {
  const { value, version } = await store.require(executions.of(owner, claims.executionId));
  if (value.status !== "running" || value.attempt !== claims.attempt) {
    throw new ApiError("LEASE_LOST");
  }
  const stop = value.cancelRequestedAt === null ? null : "cancelled";
  return { version, readerUntil: value.readerUntil, stop };
}

interface RenewingBeat extends Heartbeat {
  readonly metered: NonNullable<TokenClaims["metered"]>;
  readonly need: SliceNeed;
}

/**
 * Account and execution change together. The hold is set to a total, so a repeated commit takes
 * nothing twice. A refusal is tried again at the next heartbeats, while paid time is left.
 */
async function renewSlice(deps: Deps, owner: Owner, beat: RenewingBeat): Promise<Extended> {
  const ref = executions.of(owner, beat.claims.executionId);
  let known: LeaseState = { ...beat.lease, readerUntil: beat.readerUntil, stop: null };
  const { decision, version } = await deps.commits.submit({
    owner,
    needsAccount: true,
    refresh: async () => {
      known = await reloadLease(deps.store, owner, beat.claims);
    },
    decide: (account) => {
      const renewed = known.stop ? null : renewHold(account, beat);
      const heldMicrousd = renewed?.heldMicrousd ?? currentHold(account, beat);
      const expiresAt = leaseEnd(beat, heldMicrousd);
      const paid = renewed ? { holdMicrousd: renewed.holdMicrousd } : {};
      const fields = { leaseExpiresAt: expiresAt, sweepAt: expiresAt, ...paid };
      const stop = known.stop ?? (isOver(beat, heldMicrousd) ? "budget" : null);
      return {
        writes: [patch(ref, fields, { version: known.version })],
        ...(renewed && renewed.account !== account ? { account: renewed.account } : {}),
        extended: { ...known, heldMicrousd, expiresAt, stop },
      };
    },
  });
  const { extended } = decision;
  return { ...extended, version: version ?? extended.version };
}

/** Executions of a suspended owner that may continue keep their hold and get no more. */
function renewHold(account: Account | null, { claims, need, now }: RenewingBeat) {
  if (!account || account.admission.suspendedAt !== null) return null;
  return renew(account, { executionId: claims.executionId, part: "time", ...need, now });
}

function currentHold(account: Account | null, { claims }: Heartbeat): number {
  const held = account?.holds[claims.executionId];
  return held ? partMicrousd(held, "time") : 0;
}

function isOver(beat: RenewingBeat, heldMicrousd: number): boolean {
  const { metered } = beat;
  return mustEnd(metered, meterState(metered, beat, heldMicrousd), slices());
}

function meterState(
  metered: Metered & { readonly claimedAt: number },
  beat: Heartbeat,
  heldMicrousd: number,
) {
  const elapsedMs = Math.max(0, beat.now - metered.claimedAt);
  return { elapsedMs, heldMicrousd, beatMs: timing().heartbeatIntervalMs };
}

/** The lease never lasts longer than the hold pays for, however many heartbeats come. */
function leaseEnd({ claims, now }: Heartbeat, heldMicrousd: number | null): number {
  const { metered } = claims;
  const latest =
    metered && heldMicrousd !== null
      ? metered.claimedAt + paidMs(metered, heldMicrousd) + overheadMs
      : claims.expiresAt;
  return Math.min(now + timing().leaseMs, latest);
}
