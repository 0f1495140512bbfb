import { expect, test } from "vitest";
import { ChangesQuery } from "#shared/contract/snapshot";
import { newOwner } from "#shared/owners/act-on-owner";
import type { Cursor } from "#shared/store/queries";
import { snapshotsMax } from "#shared/store/snapshots";
import { listChanges } from "./list-snapshots.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");
/** How many of these snapshots the database answers at once. */
const pageLength = 12;
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
  return JSON.stringify(await listed(path, { limit })).length;
}

async function listed(path: string, asked: object) {
  const found = Array.from({ length: snapshotsMax }, (_, number) => changed(number, path));
  const store = {
    require: async () => ({ value: {} }),
    walk: async (_all: unknown, { after, limit }: { after?: Cursor; limit: number }) => {
      const first = after === undefined ? 0 : Number(after.id.slice("snap_".length)) + 1;
      // As many as a page of the database holds, of which the list keeps what it shows.
      const page = found.slice(first, first + Math.min(limit, pageLength));
      return { found: page, isEnd: first + page.length === found.length };
    },
    getAll: async () => [],
  };
  const query = ChangesQuery.parse(asked);
  const params = { environmentId: "env_1" };
  const caller = { owner, key: { scopes: ["*"] } };
  const context = { caller, params, query, deps: { store } };
  if (listChanges.read === "nothing") return expect.fail();
  const data: unknown = await listChanges.read(context as never);
  return await listChanges.answer({ ...context, data } as never);
}

test("TEN-2 an answer is bounded, whatever the changed files are called", async () => {
  expect(await answer("short", snapshotsMax)).toBeLessThan(8 * 1024 * 1024);
  await expect(answer(longest, snapshotsMax)).rejects.toThrow("limit must be at most 15 here");
  expect(await answer(longest, 15)).toBeLessThan(9 * 1024 * 1024);
});

test("TEN-2 a page of changes is shown in turn, however many reads the database needs", async () => {
  const page = await listed("short", { limit: 3, offset: 50 });
  const ids = ["snap_50", "snap_51", "snap_52"].map((snapshotId) => ({ snapshotId }));
  const total = snapshotsMax;
  expect(page).toMatchObject({ body: { data: ids, total, offset: 50, hasMore: true } });
  const last = await listed("short", { limit: 100, offset: 98 });
  expect(last).toMatchObject({ body: { total, hasMore: false, data: { length: 2 } } });
  const none = await listed("short", { operation: "deleted" });
  expect(none).toMatchObject({ body: { total: 0, data: [] } });
});
