/**
 * Executions that can't be claimed are ended at the first attempt, instead of retried for an hour.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { executionCostMicrousd } from "#shared/core/money/pricing";
import { untilEnded } from "../kit/assert-settled.ts";
import { newEnvironment, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { startExecution } from "../kit/start-execution.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
const script = 'echo "$TOKEN"';

beforeAll(async () => {
  owner = await newOwner();
});

const secrets = [{ key: "TOKEN", value: "a-secret-of-the-environment" }];
const newOne = async () => await newEnvironment(owner.key, { secrets });
const pairRef = (id: string) => firestore("keys").doc(`owners/${owner.id}/sealingKeys/${id}`);
const sealedRef = (id: string) => firestore().doc(`owners/${owner.id}/sealedSecrets/${id}`);

describe("TEN-2 secrets that can't be opened any more", () => {
  test("end the execution at its first claim, unpaid since that is our loss", async () => {
    const [gone, foreign, damaged, other] = await Promise.all([
      newOne(),
      newOne(),
      newOne(),
      newOne(),
    ]);
    await pairRef(gone).delete();
    await pairRef(foreign).set((await pairRef(other).get()).data() ?? {});
    await sealedRef(damaged).update({ values: (await sealedRef(other).get()).get("values") });
    await Promise.all(
      [gone, foreign, damaged].map(async (environmentId) => {
        const threadId = await newThread(owner.key, { environmentId });
        const { executionId, over } = await startExecution(owner, threadId, script);
        const ended = await untilEnded(owner, executionId);
        expect(ended).toMatchObject({
          status: "failed",
          reason: "secrets_unavailable",
          attempt: 1,
          chargedMicrousd: 0,
        });
        await over;
      }),
    );
    await pairRef(foreign).delete();
  });

  test("are paid for like any start if their environment was deleted meanwhile", async () => {
    const environmentId = await newOne();
    const threadId = await newThread(owner.key, { environmentId });
    const place = firestore().doc(`owners/${owner.id}/environments/${environmentId}`);
    await pairRef(environmentId).delete();
    const { executionId, over } = await startExecution(owner, threadId, script);
    await place.delete();
    const ended = await untilEnded(owner, executionId);
    expect(ended.reason).toBe("secrets_unavailable");
    expect(ended.chargedMicrousd).toBe(executionCostMicrousd({ ...ended, ...ended.limits }, 0));
    await over;
  });
});
