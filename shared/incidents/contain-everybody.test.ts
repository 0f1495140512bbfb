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

test("INC-4 an account that a newer release or a fault wrote keeps no other one open", async () => {
  const store = new MemoryStore();
  for (const id of ids) {
    const profile = { v: 1, id, name: "", mode: "development", state: "active" } as const;
    const owner = { ...profile, auditPublicKey: "", createdBy: "x", createdAt: 0 };
    const ref = accounts.of(newOwner(id, "development"), accountId);
    await store.commit([create(owners.doc(id), owner), create(ref, newAccount(0))]);
  }
  const odd = [ids[1] ?? "", ids[3] ?? ""];
  for (const [index, id] of odd.entries()) {
    const { path } = accounts.of(newOwner(id, "development"), accountId);
    const stored = index === 0 ? { v: 99 } : { v: 1 };
    await store.commit([overwrite({ path, schema: z.looseObject({}) }, stored)]);
  }
  const order = { id: "ctm_all", incidentId: "inc_all", operatorId: "op_a", requestId: "req_a" };
  const everyone = { target: "all" as const, ownerId: null, mode: null, subject: null };
  await store.commit(everybodyWrites(newContainment({ ...order, now: 0 }, everyone)));
  const commits = new CommitCoordinator(store, { random: () => 0 });
  const deps = {
    store,
    commits,
    now: () => 1,
    newId: (kind: IdKind) => idOf(kind, nanoid()),
  } as never;
  expect(await turnEverybody(deps, "ctm_all", () => false)).toBe(true);
  const states = await Promise.all(
    ids.map(async (id) => (await store.get(owners.doc(id))).value?.state),
  );
  expect(states).toEqual(["suspended", "active", "suspended", "active", "suspended"]);
  const { value } = await store.get(containments.doc("ctm_all"));
  expect(value?.failedOwnerIds).toEqual(odd);
});
