/** Work that maintenance can't finish stays due, and delays nothing else. */
import { describe, expect, test } from "vitest";
import { derivedId } from "#shared/core/ids";
import { until } from "../kit/cloud.ts";
import { newOwner, newThread, runScript } from "../kit/owners.ts";
import { plantExecution } from "../kit/plant-execution.ts";
import { firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

const minuteAgo = Date.now() - 60_000;
const nobodys = {
  v: 1,
  ownerId: "user_of_nobody",
  requestId: "req_of_a_process_that_died",
  actor: { type: "key", id: "key_of_nobody" },
  dueAt: minuteAgo,
};

test("TEN-2 what fails at each sweep goes behind all else that is due", async () => {
  const owner = await newOwner();
  const { run } = await runScript(owner.key, await newThread(owner.key), "true");
  const running = { status: "running", sweepAt: minuteAgo } as const;
  const { executionId, remove } = await plantExecution(owner, run.id, running);
  const charge = derivedId("ledgerEntry", executionId, "1", "charge");
  const inTheWay = firestore().doc(`owners/${owner.id}/ledger/${charge}`);
  await inTheWay.set({});
  const poison = [
    ["reaper", `owners/${owner.id}/executions/${executionId}`, "sweepAt", null],
    ["shreds", "shreds/env_of_nobody", "dueAt", { ...nobodys, environmentId: "env_of_nobody" }],
    [
      "owners",
      "keyFollowUps/user_of_nobody",
      "dueAt",
      { ...nobodys, mode: "development", stop: true },
    ],
  ] as const;
  for (const [what, path, dueField, planted] of poison) {
    const place = firestore().doc(path);
    if (planted) await place.set(planted);
    await sweep(what);
    expect((await place.get()).get(dueField), what).toBeGreaterThan(Date.now());
    await place.delete();
  }
  await Promise.all([remove(), inTheWay.delete()]);
});

const unreadable = [
  ["outbox", "owners/user_of_nobody/executions/run_unreadable", "sweepAt", { status: "queued" }],
  ["reaper", "owners/user_of_nobody/executions/run_unreadable", "sweepAt", { status: "running" }],
  ["objects", "owners/user_of_nobody/usage/storage", "sweepAt", { kind: "storage" }],
  ["shreds", "shreds/env_unreadable", "dueAt", {}],
  ["owners", "keyFollowUps/user_unreadable", "dueAt", {}],
  ["keys", "apiKeys/unreadable", "dueAt", {}],
] as const;

describe("TEN-2 a document that can't be read", () => {
  test.each(unreadable)(
    "goes behind all else that is due: %s",
    async (what, path, field, planted) => {
      const place = firestore().doc(path);
      await place.set({ ...planted, [field]: minuteAgo });
      await sweep(what);
      expect((await place.get()).get(field)).toBeGreaterThan(Date.now());
      await place.delete();
    },
  );

  test("doesn't hold back the check of the other owners' ledgers", async () => {
    const owner = firestore().doc("owners/user_-unreadable");
    const round = firestore().doc("system/ledger-round");
    await owner.set({ id: owner.id });
    await until("the round to pass it", async () => {
      await round.set({ v: 1, afterOwnerId: "user_-unreadabl" });
      await sweep("ledgers");
      return (await round.get()).get("afterOwnerId") !== "user_-unreadabl";
    });
    await owner.delete();
  });
});
