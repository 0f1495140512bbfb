import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { placeOf } from "../core/retention/retention-places.ts";
import { mintOwner } from "../identity/owner.ts";
import { stillFree } from "../owners/evidence.ts";
import { evidenceFreezes, freezeEvidence, touchFreeze } from "../store/evidence-freezes.ts";
import { messages, threads } from "../store/threads.ts";
import { eraseCollection } from "./erase-documents.ts";
import { unlessFrozen } from "./finish-deletion.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");

/** A store with one message, in which evidence can be frozen right before a commit lands. */
async function newErasure(earlier: object | null = null) {
  const store = Object.assign(new MemoryStore(), {
    findPaths: async ({ path }: { readonly path: string }) =>
      (await store.exists(`${path}/msg_1`)) ? [`${path}/msg_1`] : [],
    getAll: async (...refs: Parameters<MemoryStore["get"]>[0][]) =>
      await Promise.all(refs.map(async (ref) => await store.get(ref))),
  });
  const { path: outerPath } = threads.of(owner, "thread_1");
  const kept = messages.of(owner, "thread_1", "msg_1");
  await store.commit([{ op: "create", path: kept.path, value: { v: 1 } }]);
  const { path } = evidenceFreezes.doc(owner.id);
  if (earlier) await store.commit([{ op: "create", path, value: earlier }]);
  const still = (await stillFree(store as never, owner.id)) ?? expect.fail();
  const eraser = { store, keyStore: store, owner, isLate: () => false, still };
  const erase = async () =>
    await unlessFrozen(eraseCollection(eraser as never, placeOf(messages.pattern), { outerPath }));
  return { store, erase, isKept: async () => await store.exists(kept.path) };
}

const before = { none: null, "one that has ended": { v: 1, incidents: {} } } as const;

test.each([
  ["none", freezeEvidence(owner.id, "inc_1", 5)],
  ["one that has ended", freezeEvidence(owner.id, "inc_1", 5)],
  ["none", touchFreeze(owner.id, 5)],
] as const)(
  "INC-4 an erasure that races with a freeze destroys nothing; before: %s",
  async (name, freeze) => {
    const { store, isKept, erase } = await newErasure(before[name]);
    store.before = async () => {
      store.before = async () => undefined;
      await store.commitWithoutRetry([freeze]);
    };
    expect(await erase()).toBe(false);
    expect(await isKept()).toBe(true);
  },
);

test("an erasure without a freeze erases", async () => {
  const { erase, isKept } = await newErasure();
  expect(await erase()).toBe(true);
  expect(await isKept()).toBe(false);
});
