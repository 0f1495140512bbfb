import { beforeAll, describe, expect, test } from "vitest";
import { theFleet } from "../kit/fleet.ts";
import type { FunctionAside } from "../kit/function-aside.ts";
import { expectCharged, insist, newCrowd, testMsMax, turns, withStatus } from "../kit/money.ts";
import { isLong, isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

const attempts = isLong ? 500 : 45;
let processes: readonly FunctionAside[] = [];

beforeAll(async () => {
  processes = (await theFleet()).threads;
});

describe("LIM-1 executions per key over several processes", () => {
  test.runIf(isTurn(1, 3))(
    `exactly 30 of ${attempts} at once are admitted, and only they cost money`,
    async () => {
      const crowd = await newCrowd(attempts, attempts);
      // The deployment's real number, which this cloud's limits otherwise override.
      const account = firestore().doc(`owners/${crowd.owner.id}/account/budget`);
      await account.update({ "limits.executionsMax": 30 });
      const nextBaseUrl = turns(processes);
      const outcomes = await Promise.all(
        crowd.threadIds.map((threadId) => insist(nextBaseUrl, { owner: crowd.owner, threadId })),
      );
      const accepted = withStatus(outcomes, 200);
      expect(accepted).toHaveLength(30);
      const refused = withStatus(outcomes, 429);
      expect(refused).toHaveLength(attempts - 30);
      for (const { answer } of refused) {
        expect(answer?.json.code).toBe("RATE_LIMITED");
        expect(answer?.headers).toMatchObject({
          "ratelimit-limit": "30",
          "ratelimit-remaining": "0",
        });
        const retryAfterS = Number(answer?.headers["retry-after"]);
        expect(retryAfterS).toBeGreaterThan(14 * 60);
        expect(retryAfterS).toBeLessThanOrEqual(16 * 60);
      }
      // LIM-2: a start that the limit refused set no money aside and didn't change the thread.
      await expectCharged(crowd, { count: 30, accepted });
      const threads = await firestore().collection(`owners/${crowd.owner.id}/threads`).get();
      const asBefore = threads.docs.filter(
        (thread) => crowd.threadIds.includes(thread.id) && thread.get("messageCount") === 0,
      );
      expect(asBefore).toHaveLength(attempts - 30);
    },
    testMsMax,
  );
});
