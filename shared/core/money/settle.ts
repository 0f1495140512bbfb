/** Turns a hold into a charge: once, at most what was held, on the days it was held on. */
import { assert } from "../assert.ts";
import { type Account, inPeriod, lineageIn, lineagesMax, monthOf, slicesOf } from "./account.ts";
import { capsOf } from "./caps.ts";
import { giveBack } from "./run-hold.ts";

/** The amount charged to each UTC day. */
export type ChargedDays = Readonly<Record<string, number>>;

export interface Settlement {
  readonly account: Account;
  /** The lineage whose day it counts for; empty if the key has no daily ceiling. */
  readonly countedFor: string;
  readonly heldMicrousd: number;
  readonly chargedMicrousd: number;
  readonly chargedDays: ChargedDays;
  readonly releasedMicrousd: number;
  /** The cost beyond the hold. The deployment pays it, never the owner. */
  readonly lossMicrousd: number;
}

/**
 * Turns a hold into a charge; null if there is no hold, so nothing is settled twice.
 * @param ending.costMicrousd null if it can't be known; then the whole hold is charged (BUD-6).
 */
export function settle(
  before: Account,
  ending: { readonly id: string; readonly costMicrousd: number | null; readonly now: number },
): Settlement | null {
  const { id, costMicrousd, now } = ending;
  assert(costMicrousd === null || (Number.isSafeInteger(costMicrousd) && costMicrousd >= 0));
  const held = before.holds[id];
  if (!held) return null;
  const heldMicrousd = held.amountMicrousd;
  const cost = costMicrousd ?? heldMicrousd;
  const chargedMicrousd = Math.min(cost, heldMicrousd);
  const chargedDays: Record<string, number> = {};
  let left = chargedMicrousd;
  for (const slice of slicesOf(held)) {
    const charged = Math.min(left, slice.amountMicrousd);
    if (charged > 0) chargedDays[slice.day] = (chargedDays[slice.day] ?? 0) + charged;
    left -= charged;
  }
  const { [id]: _settled, ...holds } = before.holds;
  const countedFor = held.keyDayMaxMicrousd === null ? "" : lineageIn(held);
  const releasedMicrousd = heldMicrousd - chargedMicrousd;
  const released = giveBack({ ...before, holds }, held.runId, releasedMicrousd);
  const account = charge(released, { countedFor, chargedDays, now });
  const lossMicrousd = cost - chargedMicrousd;
  const amounts = { heldMicrousd, chargedMicrousd, chargedDays, releasedMicrousd, lossMicrousd };
  return { account, countedFor, ...amounts };
}

export interface LateEnding {
  readonly keyId: string;
  readonly lineageId?: string | null;
  /** Null if it can't be known; then everything that was held is charged. */
  readonly costMicrousd: number | null;
  /** The hold according to the execution's document; the account's own is gone by now. */
  readonly wasHeldMicrousd: number;
  readonly now: number;
}

/**
 * Charges an execution whose hold has expired: at most what was held, and at most what every cap
 * leaves today. The deployment pays the rest, because that money may be held for other executions.
 * The caller makes sure that it happens once, by the execution's version and a derived ledger id.
 * Whether the key had a daily ceiling is unknown without the hold, so the charge is counted as if
 * it had one, while the account has room to count it.
 */
export function settleLate(before: Account, ending: LateEnding): Settlement {
  const { wasHeldMicrousd, now } = ending;
  const lineageId = lineageIn(ending);
  const cost = ending.costMicrousd ?? wasHeldMicrousd;
  assert(Number.isSafeInteger(cost) && cost >= 0);
  const account = inPeriod(before, now);
  const by = { keyId: lineageId, executionMaxMicrousd: null, keyDayMaxMicrousd: null };
  const free = capsOf(account, by, 0).map((cap) => cap.leftMicrousd);
  const chargedMicrousd = Math.max(0, Math.min(cost, wasHeldMicrousd, ...free));
  const chargedDays = chargedMicrousd > 0 ? { [account.day.key]: chargedMicrousd } : {};
  const hasRoom = lineageId in account.keys || Object.keys(account.keys).length < lineagesMax;
  const countedFor = hasRoom ? lineageId : "";
  return {
    account: charge(account, { countedFor, chargedDays, now }),
    countedFor,
    heldMicrousd: 0,
    chargedMicrousd,
    chargedDays,
    releasedMicrousd: 0,
    lossMicrousd: cost - chargedMicrousd,
  };
}

function charge(
  before: Account,
  settled: { readonly countedFor: string; readonly chargedDays: ChargedDays; readonly now: number },
): Account {
  const account = inPeriod(before, settled.now);
  const { day, month, keys } = account;
  const sum = (counts: (day: string) => boolean) =>
    Object.entries(settled.chargedDays).reduce(
      (total, [day, amount]) => total + (counts(day) ? amount : 0),
      0,
    );
  const chargedMicrousd = sum(() => true);
  const today = sum((charged) => charged === day.key);
  const thisMonth = sum((charged) => monthOf(charged) === month.key);
  const keyDay = keys[settled.countedFor]?.day ?? { key: day.key, spentMicrousd: 0 };
  const spentToday = { day: { ...keyDay, spentMicrousd: keyDay.spentMicrousd + today } };
  return {
    ...account,
    balanceMicrousd: account.balanceMicrousd - chargedMicrousd,
    spentMicrousd: account.spentMicrousd + chargedMicrousd,
    day: { ...day, spentMicrousd: day.spentMicrousd + today },
    month: { ...month, spentMicrousd: month.spentMicrousd + thisMonth },
    keys: today > 0 && settled.countedFor ? { ...keys, [settled.countedFor]: spentToday } : keys,
  };
}
