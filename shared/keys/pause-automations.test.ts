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
  let rows = 0;
  const newId = () => {
    rows += 1;
    return `aud_${rows}`;
  };
  return { deps: { store, newId, now: () => 5 }, store, commits, paused };
}

const by = { actor: { type: "key", id: "key_2" }, requestId: "req_1" } as const;
const which = { keyId: "key_1", by };
const isRow = (path: string) => path.includes("/audit/");

test("KEY-10 a key that has made all that an account may have is paused in few commits", async () => {
  const { deps, commits, paused } = storeWith(200);
  await pauseAutomations(deps, owner, which);
  expect([...paused].filter((path) => !isRow(path))).toHaveLength(400);
  expect(commits.length).toBeLessThanOrEqual(8);
  const off = { fields: { enabled: false, pausedReason: "key" }, version };
  const changes = commits.flat().filter(({ path }) => !isRow(path));
  for (const write of changes) expect(write).toMatchObject(off);
});

test("KEY-5 what is changed meanwhile keeps nothing else from being paused", async () => {
  const { deps, paused } = storeWith(150, ["schedules/7", "triggers/149"]);
  await pauseAutomations(deps, owner, which);
  expect([...paused].filter((path) => !isRow(path))).toHaveLength(298);
  const { deps: failing } = storeWith(1);
  const store = { ...failing.store, commit: async () => Promise.reject(new Error("down")) };
  await expect(pauseAutomations({ ...failing, store }, owner, which)).rejects.toThrow("down");
});

test("AUD-7 each that is paused has its row in the same commit, and none that isn't", async () => {
  const { deps, commits, paused } = storeWith(3, ["triggers/1"]);
  await pauseAutomations(deps, owner, which);
  const done = commits.filter((writes) => writes.every(({ path }) => paused.has(path)));
  const rows = done.flat().flatMap((write) => (write.op === "create" ? [write.value] : []));
  expect(rows).toHaveLength(5);
  for (const row of rows) {
    expect(row).toMatchObject({ ...by, facts: { reason: "key", keyId: "key_1" } });
  }
  const subjects = rows.map((row) => Object(row)).map(({ action, subject }) => [action, subject]);
  expect(subjects).toContainEqual(["schedule.paused", "1"]);
  expect(subjects).toContainEqual(["trigger.paused", "2"]);
  expect(subjects).not.toContainEqual(["trigger.paused", "1"]);
});
