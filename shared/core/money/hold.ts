/**
 * Sets money aside before it is spent: the first slice when an execution starts, further ones while
 * it runs. A request is granted completely or not at all.
 */
import { assert } from "../assert.ts";
import type { WindowState } from "../limits/sliding-window.ts";
import {
  type Account,
  type Hold,
  heldMicrousd,
  inPeriod,
  lineageIn,
  lineagesMax,
  monthOf,
} from "./account.ts";
import { type BudgetRefusal, capsOf, endsOf, type Shortfall } from "./caps.ts";
import { type CallShare, shareLeftMicrousd, shareMicrousd } from "./key-share.ts";
import { carve, carvedCaps } from "./run-hold.ts";
import {
  counting,
  type StartLimits,
  type StartsRefusal,
  startsRefusal,
  type Whose,
  type Windows,
  windowsOf,
} from "./start-windows.ts";

/** The limits on starting and running executions; an owner's own replace the deployment's. */
export interface HoldLimits extends StartLimits {
  readonly concurrentMax: number;
  /** The most of those that one key may have. */
  readonly keyConcurrentMax: number;
  /** Percentage of the balance that one key may have held; its first hold is exempt. */
  readonly keyHeldPercentMax: number;
}

/** A key's ceilings for one execution and for a UTC day; null means none. */
export interface KeyCeilings {
  readonly executionCostMaxMicrousd: number | null;
  readonly dayCostMaxMicrousd: number | null;
}

export interface HoldRequest {
  readonly executionId: string;
  readonly keyId: string;
  /** See {@link Hold}. */
  readonly lineageId?: string | null;
  readonly ceilings: KeyCeilings;
  readonly amountMicrousd: number;
  /** The run whose hold pays for it; null or left out if the balance does. */
  readonly runId?: string | null;
  readonly expiresAt: number;
  readonly now: number;
  readonly limits: HoldLimits;
}

export type HoldRefusal =
  | StartsRefusal
  | {
      readonly refusal: "CONCURRENCY_LIMITED";
      readonly whose: Whose;
      readonly running: number;
      readonly max: number;
    }
  | {
      /** The account already counts as many keys as it can, and this key isn't one of them. */
      readonly refusal: "KEYS_LIMITED";
      readonly max: number;
      /** When there will be room at the latest, in epoch milliseconds. */
      readonly resetsAt: number;
    }
  | {
      /** The key holds its full share of the balance; it may hold more once some holds end. */
      readonly refusal: "KEY_SHARE_LIMITED";
      readonly limitMicrousd: number;
      readonly heldMicrousd: number;
      readonly requiredMicrousd: number;
    }
  | { readonly refusal: BudgetRefusal; readonly shortfall: Shortfall };

export type HoldResult =
  | { readonly granted: true; readonly account: Account; readonly window: WindowState }
  | ({ readonly granted: false } & HoldRefusal);

/** The refusal that a hold would get now; null if it would be granted. It changes nothing. */
export function refusalOf(
  before: Account,
  request: Omit<HoldRequest, "executionId" | "expiresAt">,
): HoldRefusal | null {
  return refusalIn(inPeriod(before, request.now), request, windowsOf(before, request));
}

/** Why the money alone would be refused, whatever runs and was started before. */
export function moneyRefusalOf(account: Account, request: HoldTerms): HoldRefusal | null {
  return (
    uncountable(account, request, windowsOf(account, request)) ??
    shortfall(account, request) ??
    keyShareRefusal(account, request)
  );
}

/** Counts the start, takes a place and holds the money: all of it or nothing (LIM-2). */
export function hold(before: Account, request: HoldRequest): HoldResult {
  const { executionId, keyId, amountMicrousd, ceilings, expiresAt, now, runId = null } = request;
  assert(Number.isSafeInteger(amountMicrousd) && amountMicrousd > 0);
  assert(expiresAt > now, "a hold outlives its moment");
  const account = inPeriod(before, now);
  assert(account.holds[executionId] === undefined, "an execution holds once");
  const windows = windowsOf(before, request);
  const refused = refusalIn(account, request, windows);
  if (refused) return { granted: false, ...refused };
  const run = runId === null ? undefined : account.runs[runId];
  const day = run?.day ?? account.day.key;
  const held: Hold = {
    amountMicrousd,
    modelMicrousd: 0,
    keyId,
    lineageId: request.lineageId ?? null,
    day,
    month: monthOf(day),
    earlier: [],
    executionMaxMicrousd: ceilings.executionCostMaxMicrousd,
    keyDayMaxMicrousd: ceilings.dayCostMaxMicrousd,
    runId,
    expiresAt,
  };
  return {
    granted: true,
    window: windows.key,
    account: {
      ...carve(account, runId, amountMicrousd),
      holds: { ...account.holds, [executionId]: held },
      ...counting(request, windows),
    },
  };
}

export interface Renewal {
  readonly account: Account;
  /** The total that is now held for this part of the execution's cost. */
  readonly heldMicrousd: number;
  /** The total that is now held for the execution. */
  readonly holdMicrousd: number;
}

/** What a part of a hold pays for. */
export type HoldPart = "time" | "models";

/** The amount that is held for one part of an execution's cost. */
export function partMicrousd(
  held: Pick<Hold, "amountMicrousd" | "modelMicrousd">,
  part: HoldPart,
): number {
  return part === "models" ? held.modelMicrousd : held.amountMicrousd - held.modelMicrousd;
}

export interface RenewalRequest {
  readonly executionId: string;
  readonly part: HoldPart;
  /** The total to hold for this part. It is a target, so a repeated request takes nothing twice. */
  readonly toMicrousd: number;
  /** The least addition that is useful. */
  readonly atLeastMicrousd: number;
  /** For model calls. Time isn't bounded by it, since what runs must come to its end. */
  readonly share?: CallShare;
  readonly now: number;
}

/**
 * Holds more for a running execution, as far as every cap allows; the addition counts for today.
 * Null if the caps leave less than the least useful addition, or if the hold is gone.
 */
export function renew(before: Account, request: RenewalRequest): Renewal | null {
  const { executionId, part, toMicrousd, atLeastMicrousd, share, now } = request;
  assert(Number.isSafeInteger(toMicrousd) && atLeastMicrousd > 0);
  const account = inPeriod(before, now);
  const held = account.holds[executionId];
  if (!held) return null;
  const heldBefore = partMicrousd(held, part);
  const wantedMicrousd = toMicrousd - heldBefore;
  if (wantedMicrousd <= 0) {
    return { account: before, heldMicrousd: heldBefore, holdMicrousd: held.amountMicrousd };
  }
  const caps = held.runId === null ? capsOf : carvedCaps;
  const left = caps(account, held, held.amountMicrousd).map((cap) => cap.leftMicrousd);
  // What a run holds was within its key's share when it was held.
  if (share && held.runId === null) left.push(shareLeftMicrousd(account, held, share));
  const takenMicrousd = Math.min(wantedMicrousd, ...left);
  if (takenMicrousd < Math.min(wantedMicrousd, atLeastMicrousd)) return null;
  const slice = withSlice(held, takenMicrousd, held.runId === null ? account.day.key : held.day);
  const modelMicrousd = held.modelMicrousd + (part === "models" ? takenMicrousd : 0);
  const charged = share ? { modelChargedMicrousd: share.chargedMicrousd } : {};
  const next = { ...slice, modelMicrousd, ...charged };
  const holds = { ...account.holds, [executionId]: next };
  const heldMicrousd = partMicrousd(next, part);
  const carved = carve(account, held.runId, takenMicrousd);
  return { account: { ...carved, holds }, heldMicrousd, holdMicrousd: next.amountMicrousd };
}

/** Each slice counts on the day it was taken, so a past day's caps aren't affected. */
function withSlice(held: Hold, takenMicrousd: number, day: string): Hold {
  const amountMicrousd = held.amountMicrousd + takenMicrousd;
  if (held.day === day) return { ...held, amountMicrousd };
  const earlierMicrousd = held.earlier.reduce((sum, slice) => sum + slice.amountMicrousd, 0);
  const ended = { day: held.day, amountMicrousd: held.amountMicrousd - earlierMicrousd };
  return { ...held, amountMicrousd, day, month: monthOf(day), earlier: [...held.earlier, ended] };
}

type HoldTerms = Omit<HoldRequest, "executionId" | "expiresAt">;

function refusalIn(account: Account, request: HoldTerms, windows: Windows): HoldRefusal | null {
  return (
    startsRefusal(windows) ??
    uncountable(account, request, windows) ??
    concurrencyRefusal(account, request) ??
    shortfall(account, request) ??
    // What a run holds was within its key's share when it was held.
    ((request.runId ?? null) === null ? keyShareRefusal(account, request) : null)
  );
}

/**
 * A key that isn't counted in the account yet, while the account counts as many as it can. Without
 * this refusal, an owner could fill the document until no key could be closed (KEY-5).
 */
function uncountable(account: Account, request: HoldTerms, { live }: Windows): HoldRefusal | null {
  const all = [...Object.values(account.holds), ...Object.values(account.runs)];
  const withCeiling = all.filter((held) => held.keyDayMaxMicrousd !== null);
  const counted = new Set([
    ...Object.keys(account.keys),
    ...Object.keys(live),
    ...withCeiling.map(lineageIn),
  ]);
  if (counted.size < lineagesMax || counted.has(lineageIn(request))) return null;
  const resetsAt = Math.max(
    endsOf(account).day,
    request.now + 2 * request.limits.executions.windowMs,
  );
  return { refusal: "KEYS_LIMITED", max: lineagesMax, resetsAt };
}

function concurrencyRefusal(account: Account, request: HoldTerms): HoldRefusal | null {
  const holds = Object.values(account.holds);
  const ofKey = holds.filter((held) => lineageIn(held) === lineageIn(request));
  const { concurrentMax, keyConcurrentMax } = request.limits;
  const refused = (whose: Whose, running: number, max: number) =>
    ({ refusal: "CONCURRENCY_LIMITED", whose, running, max }) as const;
  if (holds.length >= concurrentMax) return refused("owner", holds.length, concurrentMax);
  if (ofKey.length >= keyConcurrentMax) return refused("key", ofKey.length, keyConcurrentMax);
  return null;
}

/**
 * A key may hold at most its share of the balance, so that others can start. A key that holds
 * nothing yet may take all that is left.
 */
function keyShareRefusal(account: Account, request: HoldTerms): HoldRefusal | null {
  const { amountMicrousd: requiredMicrousd, limits } = request;
  const held = heldMicrousd(account, { lineageId: lineageIn(request) });
  const limitMicrousd = shareMicrousd(account, limits.keyHeldPercentMax);
  if (held === 0 || held + requiredMicrousd <= limitMicrousd) return null;
  return { refusal: "KEY_SHARE_LIMITED", limitMicrousd, heldMicrousd: held, requiredMicrousd };
}

function shortfall(account: Account, request: HoldTerms): HoldRefusal | null {
  const { amountMicrousd: requiredMicrousd, ceilings } = request;
  const executionMaxMicrousd = ceilings.executionCostMaxMicrousd;
  const keyDayMaxMicrousd = ceilings.dayCostMaxMicrousd;
  const { runId = null } = request;
  const by = { keyId: lineageIn(request), executionMaxMicrousd, keyDayMaxMicrousd, runId };
  const caps = runId === null ? capsOf(account, by, 0) : carvedCaps(account, by, 0);
  const cap = caps.find(({ leftMicrousd }) => requiredMicrousd > leftMicrousd);
  if (!cap) return null;
  const { leftMicrousd: _left, refusal, ...amounts } = cap;
  return { refusal, shortfall: { ...amounts, requiredMicrousd } };
}
