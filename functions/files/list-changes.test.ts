import { expect, test } from "vitest";
import { ChangesQuery } from "#shared/contract/snapshot";
import { newOwner } from "#shared/owners/act-on-owner";
import { snapshotsMax } from "#shared/store/snapshots";
import { listChanges } from "./list-snapshots.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");
/** As long as a path may be, of characters that JSON escapes. */
const longest = Array.from({ length: 4 }, () => '"'.repeat(250)).join("/");

function changed(number: number, path: string) {
  const file = { changeKind: "created", entryType: "file" } as const;
  const files = Array.from({ length: 200 }, (_, index) => ({ path: `${index}/${path}`, ...file }));
  const of = { executionId: null, threadId: null, agentId: null, projectId: null };
  const named = { v: 1, id: `snap_${number}`, environmentId: "env_1", title: "t" };
  return {
    value: { ...named, source: "execution", ...of, files, changedCount: 200, createdAt: 1 },
  };
}

/** How long the answer is. */
async function answer(path: string, limit: number): Promise<number> {
  const found = Array.from({ length: snapshotsMax }, (_, number) => changed(number, path));
  const store = {
    require: async () => ({ value: {} }),
    findAll: async () => found,
    getAll: async () => [],
  };
  const query = ChangesQuery.parse({ limit });
  const params = { environmentId: "env_1" };
  const caller = { owner, key: { scopes: ["*"] } };
  const context = { caller, params, query, deps: { store } };
  if (listChanges.read === "nothing") return expect.fail();
  const data: unknown = await listChanges.read(context as never);
  return JSON.stringify(await listChanges.answer({ ...context, data } as never)).length;
}

test("TEN-2 an answer is bounded, whatever the changed files are called", async () => {
  expect(await answer("short", snapshotsMax)).toBeLessThan(8 * 1024 * 1024);
  await expect(answer(longest, snapshotsMax)).rejects.toThrow("limit must be at most 15 here");
  expect(await answer(longest, 15)).toBeLessThan(9 * 1024 * 1024);
});
