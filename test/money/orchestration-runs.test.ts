/** Runs of orchestrations that share an account with all else, while processes are killed. */
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountOf, expectBalanced } from "../kit/assert-settled.ts";
import { until } from "../kit/cloud.ts";
import { theFleet } from "../kit/fleet.ts";
import { startAsides } from "../kit/function-aside.ts";
import { eachMicrousd, newCrowd, testMsMax } from "../kit/money.ts";
import { RunStorm, type StormProcesses, watchRuns } from "../kit/run-storm.ts";
import { seed } from "../kit/seed.ts";
import { SeededRandom } from "../kit/seeded-random.ts";
import { isLong } from "../kit/shard.ts";
import { sweep } from "../kit/sweep.ts";

const actions = isLong ? 400 : 60;
const affords = isLong ? 200 : 40;
/** They start before any kill, because what dies or costs too much later may refuse all others. */
const firstRuns = 5;
/** How many are under way at once. */
const width = 6;
let processes: StormProcesses;

beforeAll(async () => {
  const [automation, { threads }] = await Promise.all([startAsides("automation", 2), theFleet()]);
  processes = { automation, threads };
});
afterAll(async () => {
  await Promise.all(processes.automation.map((one) => one.stop()));
});

describe("AUT-4 AUT-5 F1 runs, other starts, deletions, revocations and kills at random", () => {
  test(
    `overspend neither a run's hold nor the account, and hold nothing at the end (seed ${seed})`,
    async () => {
      const random = new SeededRandom(seed);
      const crowd = await newCrowd(actions, affords);
      const storm = await RunStorm.prepare({ crowd, processes, random });
      const watch = watchRuns(crowd.owner.id);
      let begun = 0;
      const worker = async () => {
        while (begun < actions) {
          begun += 1;
          const isHalf = begun === actions / 2;
          await wait(random.below(200));
          const isEarly = storm.runsStarted < firstRuns && begun < actions / 2;
          await (isHalf ? storm.takeAway() : isEarly ? storm.startRun() : storm.act());
        }
      };
      await Promise.all(Array.from({ length: width }, worker));
      await until(
        "nothing to be held",
        async () => {
          // The sweeping process may be one that was killed last, and comes back.
          for (const what of ["runs", "outbox"]) await sweep(what).catch(() => {});
          const { holds, runs } = await accountOf(crowd.owner);
          return Object.keys({ ...holds, ...runs }).length === 0;
        },
        testMsMax,
      );
      watch.stop();
      expect(watch.faults(), "in every version of the account").toEqual([]);
      await expectBalanced(crowd.owner);
      const done = await storm.expectWithinHolds();
      // Else the storm would have tried nothing.
      expect(done.runs).toBeGreaterThan(3);
      expect(done.steps).toBeGreaterThan(3);
      const { spentMicrousd } = await accountOf(crowd.owner);
      expect(spentMicrousd).toBeLessThanOrEqual(affords * eachMicrousd);
    },
    2 * testMsMax,
  );
});
