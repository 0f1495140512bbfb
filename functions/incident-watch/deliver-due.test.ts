import { expect, test } from "vitest";
import { type CollectionRef, create, overwrite } from "#shared/store/documents";
import { type Delivery, deliveries } from "#shared/store/notifications";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { deliverDue } from "./deliver-due.ts";

const now = 1_000_000;
const ref = deliveries.doc("delivery_1");
/** One whose attempt fails by itself: it names no address. */
const delivery: Delivery = {
  ...{ v: 1, id: "delivery_1", ownerId: `user_${"a".repeat(21)}`, purpose: "notice" },
  ...{ incidentId: "inc_1", anomalyId: null, channel: "email", target: null },
  ...{ targetSince: null, isEarlier: false, pepperId: null, generation: 1 },
  ...{ subject: "An incident concerns your account", text: "…", state: "waiting", attempts: [] },
  ...{ createdAt: now, confirmedAt: null, dueAt: now, expireAt: new Date(now + 1_000) },
};

class Due extends MemoryStore {
  async findDue(all: CollectionRef<typeof deliveries.schema>) {
    const found = await this.findAll(all, { limit: 40 });
    return found.map((one) => ({ ref: one.ref, found: one }));
  }
}

/** @param meanwhile What happens before the outcome of the attempt is stored. */
async function deliver(meanwhile: (store: Due) => Promise<unknown>) {
  const store = new Due();
  await store.commit([create(ref, delivery)]);
  let commits = 0;
  store.before = async () => {
    commits += 1;
    if (commits === 2) await meanwhile(store);
  };
  const deps = { store: store as never, now: () => now, random: Buffer.alloc };
  await deliverDue(deps, 1_000);
  return (await store.get(ref)).value;
}

test("INC-5 a notification that wasn't taken is due again, and says why", async () => {
  const left = await deliver(async () => undefined);
  expect(left).toMatchObject({ state: "waiting", dueAt: now + 60_000 });
  expect(left?.attempts).toEqual([{ at: now, outcome: "there is no address" }]);
});

test("INC-5 an attempt that ends late undoes nothing of what an operator sends again", async () => {
  const again = { ...delivery, target: "new@example.com", dueAt: now + 1 };
  const left = await deliver(async (store) => await store.commit([overwrite(ref, again)]));
  expect(left).toEqual(again);
});
