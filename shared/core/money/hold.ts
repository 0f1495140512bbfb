/**
 * Setting money aside before it is spent: the first slice when an execution starts, more of them
 * while it runs. Everything is taken together or nothing of it is.
 */
import { assert } from "../assert.ts";
import { liveIn, take, type WindowLimit, type WindowState } from "../limits/sliding-window.ts";
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

/** How many may start, and run at once; what an owner has set comes before the deployment's. */
export interface HoldLimits {
  /** Executions started, per key. */
  readonly executions: WindowLimit;
  /** The same of all keys of an owner together; null is no such limit. */
  readonly ownerExecutions: WindowLimit | null;
  readonly concurrentMax: number;
  /** One key's part of it. */
  readonly keyConcurrentMax: number;
  /** Of the balance, what one key may have held at once; its first hold is never refused for it. */
  readonly keyHeldPercentMax: number;
}

/** What a key may spend on one execution and on a UTC day; null is no such ceiling. */
export interface KeyCeilings {
  readonly executionCostMaxMicrousd: number | null;
  readonly dayCostMaxMicrousd: number | null;
}

export interface HoldRequest {
  readonly executionId: string;
  readonly keyId: string;
  /** As in {@link Hold}. */
  readonly lineageId?: string | null;
  readonly ceilings: KeyCeilings;
  readonly amountMicrousd: number;
  readonly expiresAt: number;
  readonly now: number;
  readonly limits: HoldLimits;
}

/** Whose limit was met: that of the key, or that of all the owner's keys together. */
type Whose = "key" | "owner";

export type HoldRefusal =
  | { readonly refusal: "RATE_LIMITED"; readonly whose: Whose; readonly window: WindowState }
  | {
      readonly refusal: "CONCURRENCY_LIMITED";
      readonly whose: Whose;
      readonly running: number;
      readonly max: number;
    }
  | {
      /** So many keys have started executions of late: counting one more would take room. */
      readonly refusal: "KEYS_LIMITED";
      readonly max: number;
      /** When there is room for another at the latest, epoch ms. */
      readonly resetsAt: number;
    }
  | {
      /** The key's share of the balance: more may be held once some of its own has ended. */
      readonly refusal: "KEY_SHARE_LIMITED";
      readonly limitMicrousd: number;
      readonly heldMicrousd: number;
      readonly requiredMicrousd: number;
    }
  | { readonly refusal: BudgetRefusal; readonly shortfall: Shortfall };

export type HoldResult =
  | { readonly granted: true; readonly account: Account; readonly window: WindowState }
  | ({ readonly granted: false } & HoldRefusal);

/** What a hold would be refused for at this moment; null if it would be granted. Takes nothing. */
export function refusalOf(
  before: Account,
  request: Omit<HoldRequest, "executionId" | "expiresAt">,
): HoldRefusal | null {
  return refusalIn(inPeriod(before, request.now), request, windowsOf(before, request));
}

/** Takes the limits, a place and the money together, or nothing of any of them (LIM-2). */
export function hold(before: Account, request: HoldRequest): HoldResult {
  const { executionId, keyId, amountMicrousd, ceilings, expiresAt, now } = request;
  assert(Number.isSafeInteger(amountMicrousd) && amountMicrousd > 0);
  assert(expiresAt > now, "a hold outlives its moment");
  const account = inPeriod(before, now);
  assert(account.holds[executionId] === undefined, "an execution holds once");
  const windows = windowsOf(before, request);
  const refused = refusalIn(account, request, windows);
  if (refused) return { granted: false, ...refused };
  const held: Hold = {
    amountMicrousd,
    keyId,
    lineageId: request.lineageId ?? null,
    day: account.day.key,
    month: monthOf(account.day.key),
    earlier: [],
    executionMaxMicrousd: ceilings.executionCostMaxMicrousd,
    keyDayMaxMicrousd: ceilings.dayCostMaxMicrousd,
    expiresAt,
  };
  return {
    granted: true,
    window: windows.key,
    account: {
      ...account,
      holds: { ...account.holds, [executionId]: held },
      windows: {
        ...windows.live,
        [lineageIn(request)]: windows.key.window,
      },
      ownerWindow: windows.owner?.window ?? {},
    },
  };
}

export interface Renewal {
  readonly account: Account;
  /** All that is held for the execution now. */
  readonly heldMicrousd: number;
}

export interface RenewalRequest {
  readonly executionId: string;
  /** What to have held in all: asked for twice, it is taken once. */
  readonly toMicrousd: number;
  /** Less than this much more isn't worth having. */
  readonly atLeastMicrousd: number;
  readonly now: number;
}

/**
 * Holds more for an execution that runs: as much of what it asks for as every cap leaves, which
 * counts against today. Null if that is less than it can use, or if it has no hold any more.
 */
export function renew(before: Account, request: RenewalRequest): Renewal | null {
  const { executionId, toMicrousd, atLeastMicrousd, now } = request;
  assert(Number.isSafeInteger(toMicrousd) && atLeastMicrousd > 0);
  const account = inPeriod(before, now);
  const held = account.holds[executionId];
  if (!held) return null;
  const wantedMicrousd = toMicrousd - held.amountMicrousd;
  if (wantedMicrousd <= 0) return { account: before, heldMicrousd: held.amountMicrousd };
  const left = capsOf(account, held, held.amountMicrousd).map((cap) => cap.leftMicrousd);
  const takenMicrousd = Math.min(wantedMicrousd, ...left);
  if (takenMicrousd < Math.min(wantedMicrousd, atLeastMicrousd)) return null;
  const next = withSlice(held, takenMicrousd, account.day.key);
  const holds = { ...account.holds, [executionId]: next };
  return { account: { ...account, holds }, heldMicrousd: next.amountMicrousd };
}

/** Each slice counts on the day it was taken: the caps of a day that has ended aren't touched. */
function withSlice(held: Hold, takenMicrousd: number, day: string): Hold {
  const amountMicrousd = held.amountMicrousd + takenMicrousd;
  if (held.day === day) return { ...held, amountMicrousd };
  const earlierMicrousd = held.earlier.reduce((sum, slice) => sum + slice.amountMicrousd, 0);
  const ended = { day: held.day, amountMicrousd: held.amountMicrousd - earlierMicrousd };
  return { ...held, amountMicrousd, day, month: monthOf(day), earlier: [...held.earlier, ended] };
}

interface Windows {
  /** All keys' that still count something: a key that is gone leaves nothing behind. */
  readonly live: Account["windows"];
  readonly key: WindowState;
  readonly owner: WindowState | null;
}

type HoldTerms = Omit<HoldRequest, "executionId" | "expiresAt">;

function windowsOf(account: Account, request: HoldTerms): Windows {
  const { limits, now } = request;
  const { executions, ownerExecutions } = limits;
  return {
    live: liveWindows(account.windows, request),
    key: take(account.windows[lineageIn(request)] ?? {}, executions, now),
    owner: ownerExecutions && take(account.ownerWindow, ownerExecutions, now),
  };
}

function liveWindows(windows: Account["windows"], { limits, now }: HoldTerms): Account["windows"] {
  const live = Object.entries(windows).map(
    ([keyId, window]) => [keyId, liveIn(window, limits.executions, now)] as const,
  );
  return Object.fromEntries(live.filter(([, window]) => Object.keys(window).length > 0));
}

function refusalIn(account: Account, request: HoldTerms, windows: Windows): HoldRefusal | null {
  const { key, owner } = windows;
  if (!key.granted) return { refusal: "RATE_LIMITED", whose: "key", window: key };
  if (owner && !owner.granted) return { refusal: "RATE_LIMITED", whose: "owner", window: owner };
  const tooManyKeys = uncountable(account, request, windows);
  if (tooManyKeys) return tooManyKeys;
  return (
    concurrencyRefusal(account, request) ??
    shortfall(account, request) ??
    keyShareRefusal(account, request)
  );
}

/**
 * A key that isn't counted in the account yet, when it counts as many as it may. Else an owner
 * could fill the document with keys until none could be closed in it any more (KEY-5).
 */
function uncountable(account: Account, request: HoldTerms, { live }: Windows): HoldRefusal | null {
  const withCeiling = Object.values(account.holds).filter(
    (held) => held.keyDayMaxMicrousd !== null,
  );
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

/** One key leaves something for the others; a key that holds nothing may take what there is. */
function keyShareRefusal(account: Account, request: HoldTerms): HoldRefusal | null {
  const { amountMicrousd: requiredMicrousd, limits } = request;
  const held = heldMicrousd(account, { lineageId: lineageIn(request) });
  const limitMicrousd = Math.floor((account.balanceMicrousd * limits.keyHeldPercentMax) / 100);
  if (held === 0 || held + requiredMicrousd <= limitMicrousd) return null;
  return { refusal: "KEY_SHARE_LIMITED", limitMicrousd, heldMicrousd: held, requiredMicrousd };
}

function shortfall(account: Account, request: HoldTerms): HoldRefusal | null {
  const { amountMicrousd: requiredMicrousd, ceilings } = request;
  const executionMaxMicrousd = ceilings.executionCostMaxMicrousd;
  const keyDayMaxMicrousd = ceilings.dayCostMaxMicrousd;
  const by = { keyId: lineageIn(request), executionMaxMicrousd, keyDayMaxMicrousd };
  const caps = capsOf(account, by, 0);
  const cap = caps.find(({ leftMicrousd }) => requiredMicrousd > leftMicrousd);
  if (!cap) return null;
  const { leftMicrousd: _left, refusal, ...amounts } = cap;
  return { refusal, shortfall: { ...amounts, requiredMicrousd } };
}
