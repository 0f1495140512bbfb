/** The platform has no room: executions wait, are shown as waiting, and start in turn. */
import { afterEach, describe, expect, test } from "vitest";
import { executionOf, expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { orderRunRoom, until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { startExecution } from "../kit/start-execution.ts";

afterEach(async () => {
  await orderRunRoom(null);
});

async function beginOn(owner: TestOwner, environmentId: string): Promise<string> {
  const threadId = await newThread(owner.key, { environmentId });
  const { executionId } = await startExecution(owner, threadId, "true");
  await until(
    "its refusal",
    async () => (await executionOf(owner, executionId)).waitingSince !== null,
  );
  return executionId;
}

describe("without room on the platform", () => {
  test.runIf(isTurn(0, 3))(
    "executions wait, cost no attempt, and start in turn once there is some",
    async () => {
      const [many, few] = [await newOwner(), await newOwner()];
      const [ofMany, ofFew] = [await newEnvironment(many.key), await newEnvironment(few.key)];
      await orderRunRoom(0);
      const first = await beginOn(many, ofMany);
      const second = await beginOn(many, ofMany);
      const third = await beginOn(many, ofMany);
      const other = await beginOn(few, ofFew);
      const seen = (await send(`/v1/executions/${first}`, { key: many.key })).json;
      expect(seen.execution).toMatchObject({ status: "pending", waitingSince: expect.any(String) });
      await orderRunRoom(1);
      const ended = await Promise.all([
        expectEnded(many, first),
        expectEnded(many, second),
        expectEnded(many, third),
        expectEnded(few, other),
      ]);
      for (const { status, attempt } of ended) {
        expect(status).toBe("success");
        expect(attempt, "a refusal costs no attempt").toBe(1);
      }
      const inOrder = ended.toSorted((a, b) => (a.claimedAt ?? 0) - (b.claimedAt ?? 0));
      expect(inOrder.map(({ id }) => id)).toEqual([first, other, second, third]);
      await Promise.all([expectSettled(many, third), expectSettled(few, other)]);
    },
  );

  async function expectEnded(owner: TestOwner, id: string) {
    return await until(
      `the end of ${id}`,
      async () => {
        const found = await executionOf(owner, id);
        return found.endedAt === null ? null : found;
      },
      30_000,
    );
  }
});
