/** The end of a day that ends a month, for functions whose clocks are ahead. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountOf, expectBalanced, untilEnded } from "../kit/assert-settled.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { play } from "../kit/instant-containers.ts";
import { attempt, type Crowd, eachMicrousd, newCrowd, type StartOutcome } from "../kit/money.ts";
import { isTurn } from "../kit/shard.ts";
import { ShiftedClock } from "../kit/shifted-clock.ts";
import { type ShiftedRunner, startShiftedRunner } from "../kit/shifted-runner.ts";
import { firestore } from "../kit/store.ts";

const today = new Date();
const midnight = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + 1);
const midnightText = new Date(midnight).toISOString();
const [newDay = ""] = midnightText.split("T");
/** Long enough to be running when the day ends. */
const content = play({ workMs: 4_000 });
const capped = 3 * eachMicrousd;

/** The gateway uses the first clock; one process is two seconds behind the other. */
const clock = new ShiftedClock();
const clockBehind = new ShiftedClock();
const strike = (epochMs: number) => {
  clock.set(epochMs);
  clockBehind.set(epochMs - 2_000);
};
let runner: ShiftedRunner;
let all: readonly FunctionAside[] = [];
let ahead = "";
let behind = "";

beforeAll(async () => {
  strike(midnight - 60_000);
  const [gateway] = await startAsides("runner-gateway", 1, { clock });
  if (!gateway) throw new Error("there is no gateway");
  runner = await startShiftedRunner(gateway.baseUrl);
  const settings = { PADDOCK_RUN_ENDPOINT: runner.endpoint };
  const [[first], [second]] = await Promise.all([
    startAsides("threads", 1, { clock, settings }),
    startAsides("threads", 1, { clock: clockBehind, settings }),
  ]);
  if (!first || !second) throw new Error("there are no processes");
  all = [gateway, first, second];
  ahead = first.baseUrl;
  behind = second.baseUrl;
});
afterAll(async () => {
  await Promise.all(all.map((one) => one.stop()));
  await runner.close();
});

const caps = [
  { field: "dailyLimitMicrousd", code: "BUDGET_LIMIT_DAILY" },
  { field: "monthlyLimitMicrousd", code: "BUDGET_LIMIT_MONTHLY" },
] as const;

/** An owner with one cap, and its messages, each on its own thread. */
class Sender {
  readonly crowd: Crowd;
  readonly code: string;
  readonly #threads: Iterator<string>;

  private constructor(crowd: Crowd, code: string) {
    this.crowd = crowd;
    this.code = code;
    this.#threads = crowd.threadIds.values();
  }

  static async with({ field, code }: (typeof caps)[number]): Promise<Sender> {
    const crowd = await newCrowd(9, 9);
    await firestore()
      .doc(`owners/${crowd.owner.id}/account/budget`)
      .update({ [field]: capped });
    return new Sender(crowd, code);
  }

  async send(...baseUrls: readonly string[]): Promise<readonly StartOutcome[]> {
    const outcomes: StartOutcome[] = [];
    for (const baseUrl of baseUrls) {
      const threadId = this.#threads.next().value ?? "";
      outcomes.push(await attempt(baseUrl, { owner: this.crowd.owner, threadId, content }));
    }
    return outcomes;
  }
}

const statusesOf = (outcomes: readonly StartOutcome[]) => outcomes.map(({ status }) => status);

describe("BUD-2 F1 a cap at midnight UTC of a month's last day", () => {
  test.runIf(isTurn(2, 3))(
    "pays for three before it and three after it, in every process",
    async () => {
      const senders = await Promise.all(caps.map((cap) => Sender.with(cap)));
      const accepted = new Map<Sender, readonly StartOutcome[]>();

      strike(midnight - 10_000);
      await Promise.all(
        senders.map(async (sender) => {
          const before = await sender.send(ahead, behind, ahead);
          expect(statusesOf(before), sender.code).toEqual([200, 200, 200]);
          accepted.set(sender, before);
          const [refused] = await sender.send(behind);
          const json = { code: sender.code, resetsAt: midnightText };
          expect(refused?.answer).toMatchObject({ status: 402, json });
        }),
      );

      strike(midnight + 500);
      await Promise.all(
        senders.map(async (sender) => {
          const { holds } = await accountOf(sender.crowd.owner);
          expect(Object.keys(holds), "held across it").toHaveLength(3);
          // The process that is behind still has yesterday's date, and doesn't bring that day back.
          const after = await sender.send(ahead, behind, ahead);
          expect(statusesOf(after), sender.code).toEqual([200, 200, 200]);
          accepted.set(sender, [...(accepted.get(sender) ?? []), ...after]);
          expect(statusesOf(await sender.send(behind, ahead)), sender.code).toEqual([402, 402]);
        }),
      );

      for (const [{ crowd }, outcomes] of accepted) {
        const ids = outcomes.map(({ executionId }) => executionId ?? "");
        await Promise.all(ids.map((id) => untilEnded(crowd.owner, id)));
        await expectBalanced(crowd.owner);
        const { day, month, spentMicrousd } = await accountOf(crowd.owner);
        expect(spentMicrousd).toBe(2 * capped);
        // Money held before midnight is charged to the day it was held on.
        expect(day).toEqual({ key: newDay, spentMicrousd: capped });
        expect(month).toEqual({ key: newDay.slice(0, 7), spentMicrousd: capped });
      }
    },
  );
});
