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

test("TEN-1 an owner with very many notifications delays another's by one", async () => {
  const store = new Ordered();
  const one = { ...delivery, anomalyId: "anomaly_1" };
  const flood = Array.from({ length: 150 }, (_, index) => `delivery_of_flood_${index}`);
  const neighbour = { ...one, id: "delivery_of_neighbour", ownerId: `user_${"b".repeat(21)}` };
  const all = flood.map((id, index) => ({ ...one, id, dueAt: index }));
  for (const each of [...all, neighbour]) {
    await store.commit([create(deliveries.doc(each.id), each)]);
  }
  let clockMs = now;
  store.before = async () => {
    clockMs += 1_000;
  };
  // Each attempt takes its time, so a call gets to some of them only.
  await deliverDue({ store: store as never, now: () => clockMs, random: Buffer.alloc }, 20_000);
  const { value } = await store.get(deliveries.doc(neighbour.id));
  expect(value?.attempts).toHaveLength(1);
  const tried = await store.findAll(deliveries.all(), { limit: 1_000 });
  expect(tried.filter((each) => each.value.attempts.length > 0).length).toBeLessThan(40);
});

/** In the order of the database. */
class Ordered extends MemoryStore {
  async findDue(
    all: CollectionRef<typeof deliveries.schema>,
    { limit, where }: { readonly limit: number; readonly where?: readonly [string, null][] },
  ) {
    const found = await this.findAll(all, { limit: 1_000, ...(where ? { where } : {}) });
    const inOrder = found.toSorted((a, b) => (a.value.dueAt ?? 0) - (b.value.dueAt ?? 0));
    return inOrder.slice(0, limit).map((one) => ({ ref: one.ref, found: one }));
  }
}
