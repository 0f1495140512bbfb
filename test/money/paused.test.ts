/**
 * Processes that stop in the middle of their work, for longer than their clients wait, and then go
 * on: a machine that swaps, an instance without CPU.
 */
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { functionUrl } from "../kit/cloud.ts";
import { theFleet } from "../kit/fleet.ts";
import { play } from "../kit/instant-containers.ts";
import {
  attempt,
  expectCharged,
  newCrowd,
  persist,
  testMsMax,
  turns,
  withStatus,
  workMs,
} from "../kit/money.ts";
import { seed } from "../kit/seed.ts";
import { SeededRandom } from "../kit/seeded-random.ts";
import { isLong, isTurn } from "../kit/shard.ts";

const attempts = isLong ? 200 : 24;
const affords = isLong ? 100 : 12;
/**
 * In the long form, longer than the 9 s of a commit, its patience of 5 s and a claim's lease of 15
 * s.
 */
const pausedMs = isLong ? 17_000 : 1_200;
const patienceMs = 700;
let fleet: Awaited<ReturnType<typeof theFleet>>;

beforeAll(async () => {
  fleet = await theFleet();
});

describe("BUD-3 F12 a process that pauses and goes on", () => {
  test.runIf(isTurn(1, 2))(
    `doesn't start an execution twice (seed ${seed})`,
    async () => {
      const random = new SeededRandom(seed);
      const crowd = await newCrowd(attempts, affords);
      const { owner } = crowd;
      const [paused, ...others] = fleet.threads;
      const nextBaseUrl = turns(others);
      const clients = crowd.threadIds.map(async (threadId, index) => {
        const what = { owner, threadId, idempotencyKey: `once-${index}` };
        // At first every client asks the process that is about to stop.
        const first = await attempt(paused.baseUrl, { ...what, patienceMs });
        return first.status === null ? await persist(nextBaseUrl, what) : first;
      });
      await wait(20 + random.below(200));
      paused.pause();
      const outcomes = await Promise.all([
        ...clients,
        wait(pausedMs).then(() => {
          paused.resume();
          return null;
        }),
      ]);
      const answered = outcomes.filter((outcome) => outcome !== null);
      expect(withStatus(answered, 402)).toHaveLength(attempts - affords);
      await expectCharged(crowd, { count: affords, accepted: withStatus(answered, 200) });
    },
    testMsMax,
  );

  test.runIf(isTurn(0, 2))(
    "doesn't settle an execution twice",
    async () => {
      const crowd = await newCrowd(4, 4);
      const { owner } = crowd;
      const nextBaseUrl = turns(fleet.threads);
      const { gateway } = fleet;
      const gateways = [gateway.baseUrl, await functionUrl("runner-gateway")];
      const content = play({ workMs, gateways });
      gateway.pause();
      const accepted = await Promise.all(
        crowd.threadIds.map((threadId) => attempt(nextBaseUrl(), { owner, threadId, content })),
      );
      await wait(workMs + pausedMs / 2);
      gateway.resume();
      await expectCharged(crowd, { count: 4, accepted });
    },
    testMsMax,
  );
});
