// @module-tag slow
/**
 * Any interleaving of starts, renewals, ends, credits and changes of limits, by processes that
 * crash between their round trips, receive messages twice or late, and whose clocks jump over
 * midnights and ends of months: an account decided by the product's own functions next to a simple
 * model. PADDOCK_LONG=1 plays forty times as many; PADDOCK_SEED replays one.
 */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { heldMicrousd, spendableMicrousd } from "#shared/core/money/account";
import type { HoldLimits } from "#shared/core/money/hold";
import { differences, holdDifferences } from "#shared/core/money/ledger";
import {
  commit,
  type Disk,
  decide,
  freshDisk,
  holdMs,
  type LedgerChange,
  type Operation,
  sumsOf,
} from "./kit/ledger-machine.ts";
import { type Ask, LedgerModel } from "./kit/ledger-model.ts";
import { seed } from "./kit/seed.ts";
import { isLong } from "./kit/shard.ts";

const runs = isLong ? 200_000 : 5_000;
const began = Date.UTC(2026, 9, 31, 23, 30);
const id = fc.integer({ min: 1, max: 9 }).map((number) => `run_${number}`);
const keyId = fc.constantFrom("key_a", "key_b");
const cost = fc.option(fc.integer({ min: 0, max: 90 }), { freq: 4 });
/** Caps that always apply would hide each other. */
const seldom = (max: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max }) },
  );

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("start" as const),
      id,
      keyId,
      amount: fc.integer({ min: 1, max: 40 }),
      ceilings: fc.record({
        executionCostMaxMicrousd: seldom(60),
        dayCostMaxMicrousd: fc.constant(null),
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("renew" as const),
      id,
      by: fc.integer({ min: 0, max: 30 }),
      atLeast: fc.integer({ min: 1, max: 10 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("settle" as const), id, cost }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("credit" as const),
      line: fc.integer({ min: 1, max: 4 }).map((number) => `credit ${number}`),
      amount: fc.integer({ min: 1, max: 150 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("limit" as const),
      daily: seldom(120),
      monthly: seldom(200),
    }),
  },
);

/** The fate of the commit and of the process, which may crash before it knows. */
const fate = fc.constantFrom("done", "done", "done", "answer lost", "lost", "crash before");
/** Half an hour over midnight and back, past every hold's end, and into the month after next. */
const jumps = fc.constantFrom(-1_900_000, 1_900_000, 1_900_000, 4_000_000, 29 * 86_400_000);
const clock = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: jumps });
const step = fc.record({
  operation,
  fate,
  /** How much later this happens; negative means behind the others. */
  laterMs: clock,
  /** Decided on the state from this many commits ago. */
  staleness: fc.constantFrom(0, 0, 0, 1, 2),
});

/** Random per run, so that each limit is the one that refuses in some runs. */
const deployment: fc.Arbitrary<HoldLimits> = fc.record({
  executions: fc.record({
    max: fc.constantFrom(3, 1_000, 1_000),
    windowMs: fc.constant(900_000),
  }),
  ownerExecutions: fc.constant(null),
  concurrentMax: fc.constantFrom(4, 500),
  keyConcurrentMax: fc.constantFrom(2, 500),
  keyHeldPercentMax: fc.constantFrom(50, 100, 100),
});
/** A key's daily ceiling is the same in everything that it starts. */
const dayCeilings = fc.record({ key_a: seldom(90), key_b: seldom(90) });
const firstCredit = fc.integer({ min: 1, max: 200 });

class Play {
  readonly model = new LedgerModel(began);
  readonly past: Disk[] = [freshDisk(began)];
  readonly limits: HoldLimits;
  now = began;

  constructor(limits: HoldLimits) {
    this.limits = limits;
  }

  get disk(): Disk {
    const disk = this.past.at(-1);
    if (!disk) throw new Error("there is always a disk");
    return disk;
  }

  /** Like the coordinator: after a failed precondition it is read and decided again. */
  play(what: Operation, how: { readonly fate: string; readonly staleness: number }): void {
    let read = this.past.at(-1 - how.staleness) ?? this.disk;
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const { change, refusal } = decide(read, what, { now: this.now, limits: this.limits });
      if (read === this.disk) this.judge(what, refusal, change);
      if (!change || how.fate === "crash before") return;
      const next = attempt === 1 && how.fate === "lost" ? null : commit(this.disk, read, change);
      if (next) this.committed(what, change, next);
      if (next && how.fate !== "answer lost") return;
      // It failed, or the outcome is unknown, so it is asked again and decided on the current
      // state.
      read = this.disk;
    }
  }

  /** A refusal must have a reason in the model too, and a grant must have none. */
  judge(what: Operation, refusal: string | null, change: LedgerChange | null): void {
    if (what.do !== "start" || (refusal === null && change === null)) return;
    const must = this.model.mustGrant(this.ask(what.id, what));
    if (must !== null) expect(refusal === null, refusal ?? "granted").toBe(must);
  }

  committed(what: Operation, change: LedgerChange, next: Disk): void {
    const before = this.disk;
    const { model, now } = this;
    if (what.do === "start") {
      const ask = this.ask(what.id, what);
      model.granted(ask, now + holdMs);
      model.started(ask);
    } else if (what.do === "renew") {
      const grown = (change.grantedMicrousd ?? 0) - model.heldFor(what.id);
      const hold = before.account.holds[what.id];
      if (hold && grown > 0) {
        const ceilings = {
          executionCostMaxMicrousd: hold.executionMaxMicrousd,
          dayCostMaxMicrousd: hold.keyDayMaxMicrousd,
        };
        const { keyId: byKey } = hold;
        model.granted(this.ask(what.id, { keyId: byKey, amount: grown, ceilings }), hold.expiresAt);
      }
    } else if (what.do === "settle") {
      const execution = before.executions.get(what.id);
      const ask = this.ask(what.id, { keyId: execution?.keyId ?? "", amount: 0, ceilings: none });
      const charged = model.charge(ask, what.cost, execution?.heldMicrousd ?? 0);
      expect(change.settlement?.chargedMicrousd, "charged as the model says").toBe(charged);
      expect(charged).toBeLessThanOrEqual(execution?.heldMicrousd ?? 0);
    } else if (what.do === "credit") model.credit(what.amount, now);
    this.past.push(next);
    this.hold();
  }

  /** What holds after every commit. */
  hold(): void {
    const { disk, model } = this;
    const { account } = disk;
    const { day, month } = account;
    const heldToday = heldMicrousd(account, { day: day.key });
    const open = [...disk.executions].filter(([, { ended }]) => !ended);
    const expected = open.map(([run, { heldMicrousd: held }]) => ({ id: run, holdMicrousd: held }));
    must("the balance", account.balanceMicrousd === model.balance);
    must("what is held", heldMicrousd(account) === model.held);
    must("what is held of the day", heldToday === model.heldOn(day.key));
    must("what is spent of the day", day.spentMicrousd === model.spentIn(day.key));
    must("what is spent of the month", month.spentMicrousd === model.spentIn(month.key));
    must("nothing is promised twice", spendableMicrousd(account) >= 0);
    must("the account is its ledger", differences(account, sumsOf(disk)).length === 0);
    must("holds are of what runs", holdDifferences(account, expected).length === 0);
  }

  ask(
    run: string,
    request: Pick<Extract<Operation, { do: "start" }>, "keyId" | "amount" | "ceilings">,
  ): Ask {
    const { dailyLimitMicrousd: daily, monthlyLimitMicrousd: monthly } = this.disk.account;
    const { executionCostMaxMicrousd: executionMax, dayCostMaxMicrousd: keyDayMax } =
      request.ceilings;
    const { keyId: byKey, amount } = request;
    const caps = { ...this.limits, daily, monthly };
    return { id: run, keyId: byKey, amount, executionMax, keyDayMax, now: this.now, limits: caps };
  }
}

function withDayCeiling(what: Operation, days: Readonly<Record<string, number | null>>): Operation {
  if (what.do !== "start") return what;
  const dayCostMaxMicrousd = days[what.keyId] ?? null;
  return { ...what, ceilings: { ...what.ceilings, dayCostMaxMicrousd } };
}

/** Like `expect`, which is too slow to be called a million times. */
function must(what: string, isTrue: boolean): void {
  if (!isTrue) throw new Error(`not as the model says: ${what}`);
}

const none = { executionCostMaxMicrousd: null, dayCostMaxMicrousd: null };

describe("BUD-3 BUD-4 BUD-7 F1 F2 F12 any interleaving", () => {
  afterAll(() => console.log(`ledger: ${runs} runs, seed ${seed}`));

  test("never overspends, charges once, and is the sum of its ledger", { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        deployment,
        firstCredit,
        dayCeilings,
        (steps, key, amount, ceilings) => {
          const play = new Play(key);
          play.play({ do: "credit", line: "credit 0", amount }, { fate: "done", staleness: 0 });
          for (const { operation: what, laterMs, ...how } of steps) {
            play.now = Math.max(began, play.now + laterMs);
            play.play(withDayCeiling(what, ceilings), how);
          }
          for (const run of play.disk.executions.keys()) {
            play.play({ do: "settle", id: run, cost: null }, { fate: "answer lost", staleness: 0 });
          }
          expect(play.disk.account.holds, "nothing is held once all has ended").toEqual({});
        },
      ),
      { numRuns: runs, seed },
    );
  });
});
