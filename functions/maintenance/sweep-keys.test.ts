import { expect, test } from "vitest";
import { apiKeys } from "#shared/store/api-keys";
import { sweepKeys } from "./sweep-keys.ts";

const now = Date.UTC(2026, 11, 1);
const user = (letter: string) => `user_${letter.repeat(21)}`;

test("an owner whose thousand keys expire at once delays another's by one", async () => {
  const keyOf = (ownerId: string, place: number) => ({
    ref: apiKeys.doc(`${place}`),
    found: { ref: apiKeys.doc(`${place}`), value: { ownerId, mode: "production", dueAt: place } },
  });
  const many = Array.from({ length: 998 }, (_, place) => keyOf(user("a"), place));
  const closed: string[] = [];
  const due = [...many, keyOf(user("b"), 998)];
  const store = {
    findDue: async (_all: unknown, { limit }: { limit: number }) => due.slice(0, limit),
    get: async ({ path }: { path: string }) => ({
      ...due.find(({ ref }) => ref.path === path)?.found,
      version: 1,
    }),
    commit: async (writes: readonly object[]) => writes.map(() => 1),
  };
  const submit = async ({ owner }: { owner: { id: string } }) => {
    closed.push(owner.id);
    throw new Error("away");
  };
  const deps = { store, commits: { submit }, now: () => now, newId: () => "row" };
  await sweepKeys.perform({ deps } as never);
  expect(closed.slice(0, 2)).toContain(user("b"));
});
