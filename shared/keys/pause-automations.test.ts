import { Timestamp } from "@google-cloud/firestore";
import { expect, test } from "vitest";
import { mintOwner } from "../identity/owner.ts";
import type { CollectionRef, Write } from "../store/documents.ts";
import { pauseAutomations } from "./pause-automations.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "production");
const version = new Timestamp(1, 0);
const conflict = Object.assign(new Error("changed"), { code: 9 });

/** A store with so many schedules and triggers, some of which change meanwhile. */
function storeWith(count: number, changing: readonly string[] = []) {
  const commits: (readonly Write[])[] = [];
  const paused = new Set<string>();
  const store = {
    findVersions: async ({ path }: CollectionRef) =>
      Array.from({ length: count }, (_, number) => ({ path: `${path}/${number}`, version })),
    commit: async (writes: readonly Write[]) => {
      commits.push(writes);
      if (writes.some(({ path }) => changing.some((name) => path.endsWith(name)))) throw conflict;
      for (const { path } of writes) paused.add(path);
      return version;
    },
  };
  return { store, commits, paused };
}

test("KEY-10 a key that has made all that an account may have is paused in few commits", async () => {
  const { store, commits, paused } = storeWith(200);
  await pauseAutomations(store, owner, "key_1");
  expect(paused.size).toBe(400);
  expect(commits.length).toBeLessThanOrEqual(4);
  const off = { fields: { enabled: false, pausedReason: "key" }, version };
  for (const write of commits.flat()) expect(write).toMatchObject(off);
});

test("KEY-5 what is changed meanwhile keeps nothing else from being paused", async () => {
  const { store, paused } = storeWith(150, ["schedules/7", "triggers/149"]);
  await pauseAutomations(store, owner, "key_1");
  expect(paused.size).toBe(298);
  const { store: failing } = storeWith(1);
  const down = { ...failing, commit: async () => Promise.reject(new Error("down")) };
  await expect(pauseAutomations(down, owner, "key_1")).rejects.toThrow("down");
});
