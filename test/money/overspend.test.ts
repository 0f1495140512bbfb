import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import {
  attempt,
  expectCharged,
  long,
  newCrowd,
  type Outcome,
  watchAccount,
} from "../kit/money.ts";
import { accountOf } from "../kit/settled.ts";

const affords = 100;
const attempts = long ? 2_000 : 400;
let processes: readonly FunctionAside[] = [];

beforeAll(async () => {
  processes = await startAsides("threads", 4);
});
afterAll(async () => {
  await Promise.all(processes.map((one) => one.stop()));
});

const with_ = (outcomes: readonly Outcome[], status: number) =>
  outcomes.filter((outcome) => outcome.status === status);

describe("BUD-3 F1 an account that affords 100 executions", () => {
  test(`pays for exactly 100 of ${attempts} that are sent to four processes at once`, async () => {
    const crowd = await newCrowd(attempts, affords);
    const watch = watchAccount(crowd.owner);
    const outcomes = await Promise.all(
      crowd.threadIds.map((threadId, index) => {
        const { baseUrl = "" } = processes[index % processes.length] ?? {};
        return attempt(baseUrl, { owner: crowd.owner, threadId });
      }),
    );
    expect(with_(outcomes, 200)).toHaveLength(affords);
    expect(with_(outcomes, 402)).toHaveLength(attempts - affords);
    await expectCharged(crowd, { count: affords, accepted: with_(outcomes, 200) });
    watch.stop();
    expect(watch.least(), "promised more than there was").toBeGreaterThanOrEqual(0);
    expect((await accountOf(crowd.owner)).balanceMicrousd).toBe(0);
  });
});
