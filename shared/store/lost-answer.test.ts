/** How a coordinator tells a commit whose answer was lost from one that another has forestalled. */
import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { newAccount } from "../core/money/account.ts";
import { newOwner } from "../owners/act-on-owner.ts";
import { auditEntry } from "./audit-rows.ts";
import type { Change, Decision } from "./change.ts";
import { CommitCoordinator } from "./commit-coordinator.ts";
import { create } from "./documents.ts";
import { accountId, accounts } from "./owners.ts";

const now = Date.UTC(2026, 11, 1);
const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const accountRef = accounts.of(owner, accountId);

function rowOf(id: string) {
  const actor = { type: "key", id: "key_a" } as const;
  const what = { id, at: now, actor, action: "thing.made", subject: "thing", requestId: "req_a" };
  return auditEntry(owner, { ...what, facts: {}, sealedDetails: null });
}

/** The row of what the first of several requests makes, like a default environment. */
const shared = rowOf("shared");

async function start() {
  const store = new MemoryStore();
  await store.commitWithoutRetry([create(accountRef, newAccount(now))]);
  const coordinator = new CommitCoordinator(store, { random: () => 0.001 });
  let [isMade, decided] = [false, 0];
  const making = (id: string): Change<Decision> => ({
    owner,
    needsAccount: true,
    refresh: async () => {
      isMade = await store.exists(shared.path);
    },
    decide: () => {
      decided += 1;
      return { writes: [...(isMade ? [] : [shared]), rowOf(id)] };
    },
  });
  return { store, coordinator, making, timesDecided: () => decided };
}

test("a change isn't taken for done because of a row that another process has made", async () => {
  const { store, coordinator, making } = await start();
  // The other one's commit comes just before this one's.
  store.before = async () => {
    store.before = async () => {};
    await store.commitWithoutRetry([shared]);
  };
  await Promise.all(["a", "b"].map((id) => coordinator.submit(making(id))));
  for (const id of ["a", "b"]) expect(await store.exists(rowOf(id).path), id).toBe(true);
});

test("a change whose commit's answer was lost isn't decided again", async () => {
  const { store, coordinator, making, timesDecided } = await start();
  store.before = async (writes) => {
    store.before = async () => {};
    await store.commitWithoutRetry(writes);
    throw Object.assign(new Error("14: the answer was lost"), { code: 14 });
  };
  await coordinator.submit(making("a"));
  expect(timesDecided()).toBe(1);
});
