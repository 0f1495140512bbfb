/**
 * The same crowd while processes are killed and restart; each client retries until it is answered.
 */
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { killFunction } from "../kit/cloud.ts";
import { theFleet } from "../kit/fleet.ts";
import type { FunctionAside } from "../kit/function-aside.ts";
import {
  expectCharged,
  newCrowd,
  persist,
  tally,
  testMsMax,
  turns,
  withStatus,
} from "../kit/money.ts";
import { seed } from "../kit/seed.ts";
import { SeededRandom } from "../kit/seeded-random.ts";
import { isLong, isTurn } from "../kit/shard.ts";

const affords = isLong ? 100 : 20;
const attempts = isLong ? 2_000 : 60;
const kills = isLong ? 20 : 3;
let processes: readonly FunctionAside[] = [];

beforeAll(async () => {
  processes = (await theFleet()).threads;
});

/** One in six kills the settling process, one in six the sweeping one. */
async function killOne(random: SeededRandom): Promise<void> {
  const throwOf6 = random.below(6);
  if (throwOf6 === 0) return await killFunction("runner-gateway");
  if (throwOf6 === 1) return await killFunction("maintenance");
  await random.of(processes).kill();
}

describe("BUD-3 F12 F13 processes killed at random", () => {
  test.runIf(isTurn(0, 3))(
    `charge each accepted id once, after ${kills} kills (seed ${seed})`,
    async () => {
      const random = new SeededRandom(seed);
      const crowd = await newCrowd(attempts, affords);
      const nextBaseUrl = turns(processes);
      const clients = crowd.threadIds.map((threadId, index) =>
        persist(nextBaseUrl, { owner: crowd.owner, threadId, idempotencyKey: `once-${index}` }),
      );
      for (let killed = 0; killed < kills; killed += 1) {
        await wait(50 + random.below(isLong ? 1_500 : 400));
        await killOne(random);
      }
      const outcomes = await Promise.all(clients);
      const refused = attempts - affords;
      expect(tally(outcomes)).toEqual({ "200": affords, "402 INSUFFICIENT_BUDGET": refused });
      const accepted = withStatus(outcomes, 200);
      await expectCharged(crowd, { count: affords, accepted });
    },
    testMsMax,
  );
});
