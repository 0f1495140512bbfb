/** A machine that can't isolate costs nothing. */
import { describe, expect, test } from "vitest";
import { accountOf, expectBalanced, untilEnded } from "../kit/assert-settled.ts";
import { prepareBeat } from "../kit/beat.ts";
import { send } from "../kit/client.ts";
import { newOwner, newThread, runScript } from "../kit/owners.ts";
import { plantExecution } from "../kit/plant-execution.ts";

describe("EXE-8 an execution whose walls weren't proven", () => {
  test("says isolation_unavailable, and isn't charged", async () => {
    const owner = await newOwner();
    const { run } = await runScript(owner.key, await newThread(owner.key), "true");
    const before = await accountOf(owner);
    const claimedAt = Date.now() - 5_000;
    const fields = { status: "running", claimedAt } as const;
    const { executionId, remove } = await plantExecution(owner, run.id, fields);
    const { key, leaseVersion, baseUrl } = await prepareBeat(owner, executionId, 5_000);
    const body = {
      ...{ leaseVersion, outcome: "failed", reason: "isolation_unavailable", exitCode: null },
      ...{ output: "", outputTruncated: false, workspace: { state: "unchanged" } },
      eventsLastSequence: 0,
    };
    const settled = await send("/internal/executions/settle", { baseUrl, key, body });
    expect(settled.status).toBe(200);
    const ended = await untilEnded(owner, executionId);
    expect(ended).toMatchObject({ reason: "isolation_unavailable", chargedMicrousd: 0 });
    expect((await accountOf(owner)).balanceMicrousd).toBe(before.balanceMicrousd);
    await expectBalanced(owner);
    await remove();
  });
});
