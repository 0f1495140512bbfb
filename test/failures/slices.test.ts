/** Money that is held in slices, through the front door and the real sandbox. */
import { describe, test } from "vitest";
import type { Account } from "#shared/core/money/account";
import { accountOf, executionOf, expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

/** 2,000 micro-dollars a minute: the first slice and its ending, 3 s, are 100; all 10 s are 334. */
const first = 100;
const most = 334;
/** Three sandboxes start at once, next to other work on a busy machine. */
const startMsMax = 40_000;
const slow = "echo begun | tee part.txt; sleep 9; echo ended";

async function change(owner: TestOwner, fields: Partial<Account>): Promise<void> {
  await firestore().doc(`owners/${owner.id}/account/budget`).update(fields);
}

async function newAccount() {
  const owner = await newOwner({ creditUsd: 1 });
  const environmentId = await newEnvironment(owner.key);
  const threadId = await newThread(owner.key, { environmentId });
  return { owner, environmentId, threadId };
}

describe.concurrent("BUD-5 an execution that runs (F20)", () => {
  test("stops when its money ends, with its output, its files and its bill", async ({ expect }) => {
    const { owner, environmentId, threadId } = await newAccount();
    let cap = 0;
    let capped: Promise<void> | undefined;
    // Waits until it has started before its owner's money ends, however slow the machine.
    const endItsMoney = async () => {
      const [hold] = Object.values((await accountOf(owner)).holds);
      cap = Math.max(hold?.amountMicrousd ?? 0, 2 * first);
      await change(owner, { dailyLimitMicrousd: cap });
    };
    const { run, content } = await runScript(owner.key, threadId, slow, {
      onText: (text) => {
        if (text.includes("begun\\n")) capped ??= endItsMoney();
      },
    });
    await capped;
    expect(run).toMatchObject({ status: "failed", reason: "budget", workspace: "saved" });
    expect(content).toContain("begun\n");
    expect(content).not.toContain("ended");
    const file = await send(`/v1/environments/${environmentId}/files/part.txt`, { key: owner.key });
    expect(file.text).toBe("begun\n");
    const { holdMicrousd, chargedMicrousd } = await expectSettled(owner, run.id);
    expect(holdMicrousd).toBeLessThan(most);
    expect(chargedMicrousd).toBeLessThanOrEqual(holdMicrousd);
    // It was renewed: it ran longer than its first slice pays for.
    expect(chargedMicrousd).toBeGreaterThan(first);
  });

  test.runIf(isTurn(0, 2))(
    "holds a first slice, then more, and never more than it can cost",
    async ({ expect }) => {
      const { owner, threadId } = await newAccount();
      const held: number[] = [];
      const stream = runScript(owner.key, threadId, "sleep 4");
      await until(
        "a renewal",
        async () => {
          const [hold] = Object.values((await accountOf(owner)).holds);
          if (hold && hold.amountMicrousd !== held.at(-1)) held.push(hold.amountMicrousd);
          return held.length >= 3;
        },
        startMsMax,
      );
      const { run } = await stream;
      expect(run.status).toBe("success");
      expect(held[0]).toBe(first);
      expect(held).toEqual([...held].sort((a, b) => a - b));
      const { holdMicrousd, chargedMicrousd } = await expectSettled(owner, run.id);
      expect(holdMicrousd).toBeLessThanOrEqual(most);
      expect(chargedMicrousd).toBeGreaterThan(first);
    },
  );

  test.runIf(isTurn(1, 2))(
    "is given nothing more once its owner is suspended",
    async ({ expect }) => {
      const { owner, threadId } = await newAccount();
      let executionId = "";
      const stream = runScript(owner.key, threadId, slow, {
        onText: (text) => {
          executionId ||= text.includes("begun") ? (/run_[\w-]{21}/.exec(text)?.[0] ?? "") : "";
        },
      });
      await until("its output", async () => executionId !== "", startMsMax);
      const { admission } = await accountOf(owner);
      await change(owner, { admission: { ...admission, suspendedAt: Date.now() } });
      const { run } = await stream;
      expect(run).toMatchObject({ status: "failed", reason: "budget", workspace: "saved" });
      expect((await executionOf(owner, executionId)).holdMicrousd).toBeLessThan(most);
    },
  );
});
