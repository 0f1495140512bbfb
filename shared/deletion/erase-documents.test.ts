import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { placeOf } from "../core/retention/retention-places.ts";
import { mintOwner } from "../identity/owner.ts";
import { stillFree } from "../owners/evidence.ts";
import { evidenceFreezes, freezeEvidence, touchFreeze } from "../store/evidence-freezes.ts";
import { messages, threads } from "../store/threads.ts";
import { eraseCollection, eraseThroughout } from "./erase-documents.ts";
import { unlessFrozen } from "./finish-deletion.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");

/** A store with one message, in which evidence can be frozen right before a commit lands. */
async function newErasure(earlier: object | null = null) {
  const store = Object.assign(new MemoryStore(), {
    findPaths: async ({ path }: { readonly path: string }) =>
      (await store.exists(`${path}/msg_1`)) ? [`${path}/msg_1`] : [],
    findGroupPaths: async () => ({
      found: (await store.exists(kept.path)) ? [kept.path] : [],
      last: null,
    }),
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
  const place = placeOf(messages.pattern);
  const ways = {
    "of one thread": async () => await eraseCollection(eraser as never, place, { outerPath }),
    "of an account": async () => await eraseThroughout(eraser as never, place),
  };
  const erase = async (way: keyof typeof ways) => await unlessFrozen(ways[way]());
  return { store, erase, isKept: async () => await store.exists(kept.path) };
}

const before = { none: null, "one that has ended": { v: 1, incidents: {} } } as const;

test.each([
  ["of one thread", "none", freezeEvidence(owner.id, "inc_1", 5)],
  ["of one thread", "one that has ended", freezeEvidence(owner.id, "inc_1", 5)],
  ["of one thread", "none", touchFreeze(owner.id, 5)],
  ["of an account", "none", freezeEvidence(owner.id, "inc_1", 5)],
  ["of an account", "one that has ended", freezeEvidence(owner.id, "inc_1", 5)],
] as const)(
  "INC-4 an erasure %s that races with a freeze destroys nothing; before: %s",
  async (way, name, freeze) => {
    const { store, isKept, erase } = await newErasure(before[name]);
    store.before = async () => {
      store.before = async () => undefined;
      await store.commitWithoutRetry([freeze]);
    };
    expect(await erase(way)).toBe(false);
    expect(await isKept()).toBe(true);
  },
);

test.each(["of one thread", "of an account"] as const)(
  "an erasure %s without a freeze erases",
  async (way) => {
    const { erase, isKept } = await newErasure();
    expect(await erase(way)).toBe(true);
    expect(await isKept()).toBe(false);
  },
);
