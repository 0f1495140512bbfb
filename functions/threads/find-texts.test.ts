import { expect, test } from "vitest";
import { searchTerms } from "#shared/core/search/terms";
import { mintOwner } from "#shared/identity/owner";
import type { Cursor } from "#shared/store/queries";
import { findTexts, textsMax } from "./find-texts.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "production");
/** How many texts the database answers before they are too large together. */
const pageLength = 90;
const many = Array.from({ length: 400 }, (_, number) => `word${number}`);

/** A store with so many texts, the newest first, of which every third has both words. */
function storeWith(count: number) {
  const asked: number[] = [];
  const all = Array.from({ length: count }, (_, number) => ({
    value: {
      ...{ v: 1, id: `msg_${number}`, threadId: `thread_${number % 5}`, environmentId: "env_1" },
      ...{ kind: "message", length: 10, createdAt: count - number },
      terms: number % 3 === 0 ? [...many, "one", "two", "one two"] : [...many, "one"],
    },
  }));
  const store = {
    sum: async () => ({ count, sums: [] }),
    walk: async (_all: unknown, { after, limit }: { after?: Cursor; limit: number }) => {
      asked.push(limit);
      const first = after === undefined ? 0 : count - Number(after.value) + 1;
      const found = all.slice(first, first + Math.min(limit, pageLength));
      return { found, isEnd: first + found.length === count };
    },
    getParts: async (_part: unknown, refs: readonly { path: string }[]) =>
      refs.map(({ path }) => ({ id: path.split("/").at(-1), status: "active", archived: false })),
  };
  return { store: store as never, asked };
}

async function found(count: number) {
  const { store, asked } = storeWith(count);
  const terms = searchTerms("one two");
  const search = { terms, environmentId: null, isWanted: () => true };
  return { asked, ...(await findTexts(store, owner, search)) };
}

test("TEN-2 of what a search reads it keeps no more than what was searched for", async () => {
  const { ranked, complete, asked } = await found(200);
  const texts = ranked.flatMap((thread) => thread.texts);
  expect(texts).toHaveLength(67);
  for (const { terms } of texts) expect(terms).toEqual(["one", "two", "one two"]);
  expect(complete).toBe(true);
  // Page by page, each in a turn of the account's.
  expect(asked).toEqual([textsMax, textsMax - 90, textsMax - 180]);
});

test("TEN-2 a search looks at the newest texts alone, and says so", async () => {
  const { ranked, complete } = await found(textsMax + 100);
  const newest = ranked.flatMap((thread) => thread.texts).map(({ createdAt }) => createdAt);
  expect(newest).toHaveLength(Math.ceil(textsMax / 3));
  expect(Math.min(...newest)).toBeGreaterThan(100);
  expect(complete).toBe(false);
});
