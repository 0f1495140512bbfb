import { nanoid } from "nanoid";
import { expect, test } from "vitest";
import * as z from "zod";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { type IdKind, idOf } from "../core/ids.ts";
import { newAccount } from "../core/money/account.ts";
import { newOwner } from "../owners/act-on-owner.ts";
import { CommitCoordinator } from "../store/commit-coordinator.ts";
import { containments } from "../store/containments.ts";
import { create, overwrite } from "../store/documents.ts";
import { accountId, accounts, owners } from "../store/owners.ts";
import { newContainment } from "./contain.ts";
import { everybodyWrites, turnEverybody } from "./contain-everybody.ts";

const ids = Array.from({ length: 5 }, (_, index) => idOf("owner", String(index).padStart(21, "0")));

async function withOwners() {
  const store = new MemoryStore();
  for (const id of ids) {
    const profile = { v: 1, id, name: "", mode: "development", state: "active" } as const;
    const owner = { ...profile, auditPublicKey: "", createdBy: "x", createdAt: 0 };
    const ref = accounts.of(newOwner(id, "development"), accountId);
    await store.commit([create(owners.doc(id), owner), create(ref, newAccount(0))]);
  }
  return store;
}

/** Orders to contain everybody. */
async function contain(store: MemoryStore) {
  const order = { id: "ctm_all", incidentId: "inc_all", operatorId: "op_a", requestId: "req_a" };
  const everyone = { target: "all" as const, ownerId: null, mode: null, subject: null };
  await store.commit(everybodyWrites(newContainment({ ...order, now: 0 }, everyone)));
  const commits = new CommitCoordinator(store, { random: () => 0 });
  const newId = (kind: IdKind) => idOf(kind, nanoid());
  return async () => {
    const deps = { store, commits, now: () => 1, newId } as never;
    const turn = { isLate: () => false, report: () => undefined };
    return await turnEverybody(deps, "ctm_all", turn);
  };
}

async function stateOf(store: MemoryStore) {
  const found = await Promise.all(ids.map(async (id) => await store.get(owners.doc(id))));
  const { value } = await store.get(containments.doc("ctm_all"));
  return { states: found.map((one) => one.value?.state), failed: value?.failedOwnerIds };
}

test("INC-4 an account that a newer release or a fault wrote keeps no other one open", async () => {
  const store = await withOwners();
  const odd = [ids[1] ?? "", ids[3] ?? ""];
  for (const [index, id] of odd.entries()) {
    const { path } = accounts.of(newOwner(id, "development"), accountId);
    const stored = index === 0 ? { v: 99 } : { v: 1 };
    await store.commit([overwrite({ path, schema: z.looseObject({}) }, stored)]);
  }
  expect(await (await contain(store))()).toBe(true);
  expect(await stateOf(store)).toEqual({
    states: ["suspended", "active", "suspended", "active", "suspended"],
    failed: odd,
  });
});

test.each([
  ["that the database refuses for good is named and passed over", 3, "refused", true],
  ["that may be turned later is", 14, "away", false],
] as const)("INC-4 an account %s", async (_what, code, details, isLasting) => {
  const store = await withOwners();
  const turn = await contain(store);
  const [, odd = ""] = ids;
  const oddAccount = accounts.of(newOwner(odd, "development"), accountId).path;
  let isSpoilt = true;
  store.before = async (writes) => {
    if (!isSpoilt || !writes.some(({ path }) => path === oddAccount)) return;
    throw Object.assign(new Error(details), { code });
  };
  if (isLasting) expect(await turn()).toBe(true);
  else await expect(turn()).rejects.toThrow();
  const others = ids.filter((id) => id !== odd).map(() => "suspended");
  expect((await stateOf(store)).states).toEqual(others.toSpliced(1, 0, "active"));
  isSpoilt = false;
  if (isLasting) expect((await stateOf(store)).failed).toEqual([odd]);
  else expect(await turn()).toBe(true);
  const after = ids.map((id) => (isLasting && id === odd ? "active" : "suspended"));
  expect((await stateOf(store)).states).toEqual(after);
});
