import { expect, test } from "vitest";
import type { Deps } from "#shared/pipeline/route";
import { create } from "#shared/store/documents";
import { type OwnerProfile, owners } from "#shared/store/owners";
import type { Cursor } from "#shared/store/queries";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { nextOwners } from "./owner-round.ts";

const now = Date.UTC(2026, 10, 30);

function profileOf(index: number): OwnerProfile {
  const id = `user_${String(index).padStart(21, "0")}`;
  const made = { createdBy: "op_1", createdAt: now };
  return { v: 1, id, name: "n", mode: "development", state: "active", auditPublicKey: "", ...made };
}

/** Rounds over that many owners. */
async function rounds(count: number) {
  const store = new MemoryStore();
  for (let index = 0; index < count; index += 1) {
    const profile = profileOf(index);
    await store.commit([create(owners.doc(profile.id), profile)]);
  }
  const snapshot = {
    next: async (all: never, { after, limit }: { after: Cursor | null; limit: number }) => {
      const request = { orderBy: [["id", "asc"]] as const, limit, offset: 0 };
      const { items } = await store.page<(typeof owners)["schema"]>(all, {
        ...request,
        ...(after ? { after } : {}),
      });
      return items.map((value) => ({ value }));
    },
  };
  const withSnapshot = async <T>(work: (one: typeof snapshot) => Promise<T>) => work(snapshot);
  let clock = now;
  const deps: Deps = { store: Object.assign(store, { withSnapshot }), now: () => clock } as never;
  /** @param takesMs How long the work on each owner takes. */
  return async (takesMs = 0) => {
    const served: string[] = [];
    await nextOwners(deps, {
      id: "round",
      only: undefined,
      work: async ({ id }) => {
        served.push(id);
        clock += takesMs;
      },
      failure: "failed",
    });
    return served;
  };
}

test.each([1, 49, 50, 51, 100])(
  "a round over %i owners begins again after the last",
  async (count) => {
    const call = await rounds(count);
    const served: string[] = [];
    for (let calls = 0; calls < 8; calls += 1) served.push(...(await call()));
    const times = Map.groupBy(served, (id) => id);
    expect(times.size).toBe(count);
    for (const [id, all] of times) expect(all.length, id).toBeGreaterThan(1);
  },
);

test("a call whose time is over leaves the rest to the next", async () => {
  const call = await rounds(50);
  const first = await call(25_000);
  expect(first).toHaveLength(3);
  expect((await call())[0]).toBe(profileOf(3).id);
});
