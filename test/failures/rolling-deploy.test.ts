/**
 * A deploy replaces one part after another, in any order, while executions start, run and end. The
 * previous release is built from the history.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import release from "../fixtures/previous-release.json" with { type: "json" };
import { expectSettled } from "../kit/assert-settled.ts";
import { cloud, restartFunction } from "../kit/cloud.ts";
import { newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { bundlesOf, install, isInHistory } from "../kit/release.ts";
import { seed } from "../kit/seed.ts";
import { SeededRandom } from "../kit/seeded-random.ts";
import { isLong, isTurn } from "../kit/shard.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { firestore } from "../kit/store.ts";

/** The parts that an execution passes through, and the one that finishes lost executions. */
const parts = ["threads", "runner", "runner-gateway", "maintenance", "executions"];
/** `npm run chaos` rolls both ways; each test run rolls in the direction of a deploy. */
const known = await isInHistory(release.commit);

let older: string;
let owner: TestOwner;

async function replace(part: string, from: string): Promise<void> {
  await install(part, from, cloud().distFolder);
  // Running containers keep their files; new ones start from the replaced files.
  if (part !== "runner") await restartFunction(part);
}

/** Replaces each part in turn; one execution runs across each step, and one passes after it. */
async function roll(from: string, random: SeededRandom): Promise<void> {
  for (const part of random.shuffled(parts)) {
    const during = await newThread(owner.key);
    const { executionId, over } = await startExecution(
      owner,
      during,
      "echo before; sleep 1.5; echo after",
    );
    await untilRunning(owner, executionId);
    await replace(part, from);
    const after = await runScript(owner.key, await newThread(owner.key), "echo passed");
    expect(after.run, `after ${part}: ${after.answer.text}`).toMatchObject({ status: "success" });
    expect(after.content).toBe("passed\n");
    await over;
    const ended = await expectSettled(owner, executionId);
    const whole = { status: "success", output: "before\nafter\n" };
    expect(ended, `during ${part}`).toMatchObject(whole);
    await expectSettled(owner, after.run.id);
  }
}

describe.runIf(known && isTurn(0, 6))(`a rolling deploy (seed ${seed})`, () => {
  beforeAll(async () => {
    older = await bundlesOf(release.commit);
    owner = await newOwner({ creditUsd: 5 });
    // Keys of version 2 need a release that knows their bounds; this key has none.
    const { docs } = await firestore().collection("apiKeys").where("id", "==", owner.keyId).get();
    await docs[0]?.ref.update({ v: 1 });
  }, 120_000);

  afterAll(async () => {
    for (const part of parts) await replace(part, "dist");
  });

  const random = new SeededRandom(seed);
  test.runIf(isLong)(
    "back to the release before, whose documents are newer than itself",
    async () => {
      await roll(older, random);
    },
    120_000,
  );

  test("and forward, over documents that the release before has written", async () => {
    for (const part of parts) await replace(part, older);
    await roll("dist", random);
  }, 120_000);
});
