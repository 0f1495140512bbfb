import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { newAccount } from "../core/money/account.ts";
import { newOwner } from "../owners/act-on-owner.ts";
import { create, type Write } from "../store/documents.ts";
import { accountId, accounts } from "../store/owners.ts";
import { type ContainmentTarget, containTarget, releaseTarget } from "./contain.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const ref = accounts.of(owner, accountId);
const account = newAccount(0);
const whole = { owner, profile: { state: "active" }, account, accountVersion: null };
const found: ContainmentTarget = { target: "environment", whole, environmentId: "env_1" } as never;
const order = { id: "ctm_1", incidentId: "inc_1", operatorId: "op_1", requestId: "r", now: 1 };
const { containment, writes } = containTarget(order, found);
const released = releaseTarget(containment, found, order);

test.each<[string, readonly Write[]]>([
  ["held", writes],
  ["released", released],
])("DAT-4 no environment that is %s makes an account that was erased", async (_what, all) => {
  const store = new MemoryStore();
  await expect(store.commit(all)).rejects.toMatchObject({ code: 5 });
  await store.commit([create(ref, account)]);
  await store.commit(all);
  expect((await store.get(ref)).value).not.toBeNull();
});
