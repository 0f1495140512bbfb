import { expect, test } from "vitest";
import { googleThat } from "../../test/kit/google-that.ts";
import { hasAnswered } from "./health-alert.ts";
import { listReleases } from "./releases.ts";

const idOf = (number: number) => `20260101T${String(number).padStart(9, "0")}Z-abc`;
const names = Array.from({ length: 10 }, (_, number) => `releases/${idOf(number)}.json`);

/** Google, which lists objects oldest first, three to a page, or refuses with that status. */
const googleWith = (status: number | null) =>
  googleThat((_, { searchParams }) => {
    if (status !== null) return [status, {}];
    // Tokens of Google's are base64.
    const begin = Number(searchParams.get("pageToken")?.replace("+/=", "") ?? 0);
    const items = names.slice(begin, begin + 3).map((name) => ({ name }));
    const isLast = begin + 3 >= names.length;
    return [200, { items, ...(isLast ? {} : { nextPageToken: `+/=${begin + 3}` }) }];
  });

test("the newest release is the last of all pages", async () => {
  const found = await listReleases(await googleWith(null));
  expect([found.length, found[0]?.id]).toEqual([10, idOf(9)]);
});

test("a list that can't be had now isn't an empty one", async () => {
  await expect(listReleases(await googleWith(501))).rejects.toThrow("can't be listed");
  expect(await listReleases(await googleWith(404))).toEqual([]);
});

test("an alert that woke isn't put to sleep because a look failed", async () => {
  await expect(hasAnswered(await googleWith(501))).rejects.toThrow("can't be seen");
  expect(await hasAnswered(await googleWith(404))).toBe(false);
});
