/** Requests that are repeated, late, or whose answers are lost count once. */
import { beforeAll, describe, expect, test } from "vitest";
import { accountOf, expectBalanced, untilEnded } from "../kit/assert-settled.ts";
import { functionUrl, orderRunFault } from "../kit/cloud.ts";
import { theFleet } from "../kit/fleet.ts";
import type { FunctionAside } from "../kit/function-aside.ts";
import { play } from "../kit/instant-containers.ts";
import {
  attempt,
  eachMicrousd,
  expectCharged,
  newCrowd,
  persist,
  turns,
  workMs,
} from "../kit/money.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";

let processes: readonly FunctionAside[] = [];
let gateways: readonly FunctionAside[] = [];

beforeAll(async () => {
  const { threads, gateway } = await theFleet();
  processes = threads;
  gateways = [gateway];
});

describe("BUD-4 F12 what is repeated", () => {
  test.runIf(isTurn(0, 2))(
    "one Idempotency-Key sent to all processes at once is one execution",
    async () => {
      const crowd = await newCrowd(1, 20);
      const { owner } = crowd;
      const [threadId = ""] = crowd.threadIds;
      const nextBaseUrl = turns(processes);
      const same = { owner, threadId, idempotencyKey: "the-same" };
      const accepted = await Promise.all(
        Array.from({ length: 24 }, () => persist(nextBaseUrl, same)),
      );
      expect(accepted.map(({ status }) => status)).toEqual(accepted.map(() => 200));
      await expectCharged(crowd, { count: 1, accepted });
    },
  );

  test.runIf(isTurn(1, 2))(
    "settlements that come at once, twice and late at two gateways charge once",
    async () => {
      const crowd = await newCrowd(6, 6);
      const { owner } = crowd;
      const nextBaseUrl = turns(processes);
      const others = gateways.map(({ baseUrl }) => baseUrl);
      const content = play({
        workMs,
        settlements: 3,
        gateways: [await functionUrl("runner-gateway"), ...others],
        againAfterMs: 300,
      });
      const accepted = await Promise.all(
        crowd.threadIds.map((threadId) => attempt(nextBaseUrl(), { owner, threadId, content })),
      );
      await expectCharged(crowd, { count: 6, accepted });
    },
  );

  test.each(sharedOut(["startTwice", "loseAnswer"] as const, 2))(
    "a job whose start meets %s runs once and is charged once",
    async (kind) => {
      const crowd = await newCrowd(1, 2);
      const { owner } = crowd;
      const [threadId = ""] = crowd.threadIds;
      await orderRunFault({ kind });
      const accepted = await attempt(turns(processes)(), { owner, threadId });
      await expectCharged(crowd, { count: 1, accepted: [accepted] });
    },
  );

  test.runIf(isTurn(0, 2))("a commit whose answer is lost is not made again", async () => {
    const crowd = await newCrowd(8, 8);
    const { owner } = crowd;
    for (const { proxy } of [...processes, ...gateways]) {
      proxy.faults.order("Commit", { kind: "unavailable-after" }, 3);
    }
    const nextBaseUrl = turns(processes);
    const accepted = await Promise.all(
      crowd.threadIds.map((threadId) => attempt(nextBaseUrl(), { owner, threadId })),
    );
    await expectCharged(crowd, { count: 8, accepted });
  });
});

describe("BUD-4 F2 what is held", () => {
  test("isn't spending: once released it can be held again while the balance allows it", async () => {
    const crowd = await newCrowd(5, 3);
    const { owner } = crowd;
    const nextBaseUrl = turns(processes);
    const { balanceMicrousd } = await accountOf(owner);
    for (const threadId of crowd.threadIds) {
      const left = (await accountOf(owner)).balanceMicrousd;
      const { status, executionId } = await attempt(nextBaseUrl(), {
        owner,
        threadId,
        content: play(),
      });
      // More than three of five fit, because they cost less than they hold; faster machines fit
      // more.
      expect(status).toBe(left >= eachMicrousd ? 200 : 402);
      if (executionId === null) continue;
      await untilEnded(owner, executionId);
      await expectBalanced(owner);
    }
    const after = await accountOf(owner);
    expect(after.spentMicrousd + after.balanceMicrousd).toBe(balanceMicrousd);
  });
});
