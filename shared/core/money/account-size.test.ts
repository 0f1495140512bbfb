// @module-tag slow
/** An owner can't fill its account so that none of its keys can be closed any more. */
import { describe, expect, test } from "vitest";
import { limits, now as today } from "../../../test/kit/sample-account.ts";
import { fieldsBytes } from "../../store/document-room.ts";
import { type IdKind, idOf } from "../ids.ts";
import { close } from "../keys/admission.ts";
import { keysMax } from "../keys/key-count.ts";
import { Account, credit, inPeriod, lineagesMax, newAccount } from "./account.ts";
import { noticeAlerts } from "./budget-alerts.ts";
import { type HoldRequest, hold } from "./hold.ts";
import { settle, settleLate } from "./settle.ts";

/** Firestore's limit for one document, including its name. */
const documentBytesMax = 1_048_576;
/** Once this many keys were closed within a quarter of an hour, no more are made. */
const closedKeysMax = 1_000;
const now = today - 12 * 3_600_000;

const id = (kind: IdKind, number: number) => idOf(kind, String(number).padStart(21, "0"));
const times = (count: number) => Array.from({ length: count }, (_, number) => number);

/** One start with the key of this number, and its result. */
function start(account: Account, number: number, dayMaxMicrousd: number | null, startedAt = now) {
  const asked: HoldRequest = {
    executionId: id("execution", number),
    keyId: id("apiKey", number),
    lineageId: id("apiKey", number),
    ceilings: { executionCostMaxMicrousd: 1_000_000, dayCostMaxMicrousd: dayMaxMicrousd },
    amountMicrousd: 1_000,
    expiresAt: startedAt + 3_600_000,
    now: startedAt,
    // No operator's limit is tighter than this.
    limits: { ...limits, executions: { max: 10_000_000, windowMs: 86_400_000 } },
  };
  return hold(account, asked);
}

function rich(): Account {
  return credit(newAccount(now), 1_000_000_000, now);
}

/** A start with the key of this number that is charged at once; null if it was refused. */
function spend(account: Account, number: number, dayMaxMicrousd: number | null): Account | null {
  const held = start(account, number, dayMaxMicrousd);
  if (!held.granted) return null;
  return (
    settle(held.account, { id: id("execution", number), costMicrousd: 7, now })?.account ?? null
  );
}

/** An account that counts this many keys, each from its first start. */
function counting(count: number): Account {
  const account = spend(rich(), 0, 9_000);
  const first = id("apiKey", 0);
  const [day, window] = [account?.keys[first], account?.windows[first]];
  if (!account || !day || !window) throw new Error("nothing was counted");
  const keyIds = times(count).map((number) => id("apiKey", number));
  const [keys, windows] = [day, window].map((counted) =>
    Object.fromEntries(keyIds.map((keyId) => [keyId, counted])),
  );
  return Account.parse({ ...account, keys, windows });
}

describe("KEY-5 an account that its owner fills", () => {
  test("keeps nothing of what a key without a ceiling for a day has spent", () => {
    const account = spend(rich(), 1, null);
    expect(account?.day.spentMicrousd).toBe(7);
    expect(account?.keys).toEqual({});
  });

  test("refuses to start with one key more than it counts, and with no key that it does", () => {
    const account = spend(counting(lineagesMax - 1), lineagesMax - 1, 9_000);
    if (!account) throw new Error("refused too early");
    expect(Object.keys(account.keys)).toHaveLength(lineagesMax);
    const refused = { granted: false, refusal: "KEYS_LIMITED", max: lineagesMax };
    for (const ceiling of [null, 9_000]) {
      expect(start(account, lineagesMax, ceiling)).toMatchObject(refused);
    }
    expect(start(account, 0, 9_000).granted).toBe(true);
    const late = { keyId: id("apiKey", lineagesMax), costMicrousd: 1, wasHeldMicrousd: 1, now };
    expect(Object.keys(settleLate(account, late).account.keys)).toHaveLength(lineagesMax);
    // On another day they are forgotten, because no window counts them either.
    expect(start(account, lineagesMax, 9_000, now + 2 * 86_400_000).granted).toBe(true);
  });

  test("has room to close all of its keys, with the most of everything in it", () => {
    let account = counting(lineagesMax);
    // The most executions that an operator may allow, held over the most days that one may take.
    const held = start(account, 0, 9_000);
    if (!held.granted) throw new Error(held.refusal);
    const [one] = Object.values(held.account.holds);
    if (!one) throw new Error("nothing is held");
    const running = { ...one, earlier: [{ day: one.day, amountMicrousd: 1 }] };
    const holds = times(limits.concurrentMax).map((number) => [id("execution", number), running]);
    account = { ...account, holds: Object.fromEntries(holds) };
    // A window counts in fifteenths, and one that has begun.
    const window = Object.fromEntries(times(16).map((bucket) => [`${29_000_000 + bucket}`, 1]));
    const windows = Object.keys(account.keys).map((keyId) => [keyId, window]);
    account = { ...account, windows: Object.fromEntries(windows), ownerWindow: window };
    // Caps that change again and again, with credits between them.
    for (const turn of times(200)) {
      const day = { key: account.day.key, spentMicrousd: 500_000_000 };
      const monthlyLimitMicrousd = 500_000_000 + turn;
      const dailyLimitMicrousd = turn % 2 === 0 ? null : 400_000_000 + turn;
      const changed = { ...account, day, month: { ...account.month, spentMicrousd: 1 } };
      const decided = { ...changed, monthlyLimitMicrousd, dailyLimitMicrousd };
      account = noticeAlerts(account, credit(decided, 1 + turn, now + turn)).account;
    }
    let { admission } = account;
    for (const number of times(closedKeysMax + keysMax)) {
      admission = close(admission, id("apiKey", number), now);
    }
    const counts = { agents: { atMost: 1_000, made: 1_000_000 } };
    const full = inPeriod({ ...account, admission, counts }, now + 1_000);
    expect(Object.keys(full.holds)).toHaveLength(limits.concurrentMax);
    expect(Object.keys(full.admission.closedKeys)).toHaveLength(closedKeysMax + keysMax);
    expect(fieldsBytes(full)).toBeLessThan(documentBytesMax * 0.9);
  });
});
