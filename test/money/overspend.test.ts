/** One account, several processes, and far more starts than its money pays for. */
import { beforeAll, describe, expect, test } from "vitest";
import { accountOf } from "../kit/assert-settled.ts";
import { fleetSize, theFleet } from "../kit/fleet.ts";
import type { FunctionAside } from "../kit/function-aside.ts";
import {
  expectCharged,
  insist,
  newCrowd,
  testMsMax,
  turns,
  watchAccount,
  withStatus,
} from "../kit/money.ts";
import { isLong } from "../kit/shard.ts";

const affords = isLong ? 100 : 20;
const attempts = isLong ? 2_000 : 70;
let processes: readonly FunctionAside[] = [];

beforeAll(async () => {
  processes = (await theFleet()).threads;
});

describe("BUD-3 F1 F20 an account that affords a few of many executions", () => {
  test(
    `pays for exactly ${affords} of ${attempts} sent to ${fleetSize} processes at once`,
    async () => {
      const crowd = await newCrowd(attempts, affords);
      const watch = watchAccount(crowd.owner);
      const nextBaseUrl = turns(processes);
      const outcomes = await Promise.all(
        crowd.threadIds.map((threadId) => insist(nextBaseUrl, { owner: crowd.owner, threadId })),
      );
      const accepted = withStatus(outcomes, 200);
      expect(accepted).toHaveLength(affords);
      const refused = withStatus(outcomes, 402);
      expect(refused).toHaveLength(attempts - affords);
      for (const { answer } of refused) {
        expect(answer?.json).toMatchObject({ code: "INSUFFICIENT_BUDGET", required: 0.000125 });
      }
      await expectCharged(crowd, { count: affords, accepted });
      watch.stop();
      expect(watch.least(), "no version promised more than there was").toBe(0);
      expect((await accountOf(crowd.owner)).balanceMicrousd).toBe(0);
    },
    testMsMax,
  );
});
