import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { accountWith } from "../../test/kit/sample-account.ts";
import { mintOwner } from "../identity/owner.ts";
import { create } from "../store/documents.ts";
import { keyFollowUps } from "../store/key-follow-ups.ts";
import { accountId, accounts, owners } from "../store/owners.ts";
import { suspend, wholeOwner } from "./suspend-owner.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const by = { actor: { type: "operator", id: "op_a" }, requestId: "req_1" } as const;
const profile = {
  ...{ v: 1, id: owner.id, mode: owner.mode, name: "a", state: "active", createdAt: 0 },
  ...{ auditPublicKey: "a", createdBy: "op_a" },
};

/** Whether what runs is to be stopped, after these suspensions. */
async function stopsAfter(...stops: readonly boolean[]): Promise<boolean | undefined> {
  const store = new MemoryStore();
  await store.commit([
    create(owners.doc(owner.id), owners.schema.parse(profile)),
    create(accounts.of(owner, accountId), accountWith({})),
  ]);
  for (const [index, stop] of stops.entries()) {
    const whole = await wholeOwner(store, owner.id);
    const reason = index === 0 ? "con_a" : "operator";
    await store.commit([...suspend(whole, { reason, stop, by, now: index })]);
  }
  return (await store.get(keyFollowUps.doc(owner.id))).value?.stop;
}

test("KEY-10 no suspension that keeps what runs undoes one that stops it", async () => {
  expect(await stopsAfter(true, false)).toBe(true);
  expect(await stopsAfter(false, true)).toBe(true);
  expect(await stopsAfter(false, false)).toBe(false);
});
