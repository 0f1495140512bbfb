import { expect, test } from "vitest";
import { inOwnersPasses } from "./in-owners-passes.ts";

/** Marks of owners' rows in order, and who walks through them, so many at a time. */
function walkOver(rows: Readonly<Record<string, number>>, pagesMax: number) {
  const left = Object.entries(rows).flatMap(([owner, count]) =>
    Array.from({ length: count }, (_, row) => `${owner}/${String(row).padStart(15, "0")}/a`),
  );
  const pageLength = 2;
  const worked: string[] = [];
  let pages = 0;
  const workOn = async ({ after, upTo }: { after: string; upTo: string | null }) => {
    pages += 1;
    const page = left
      .filter((mark) => mark > after && (upTo === null || mark <= upTo))
      .slice(0, pageLength);
    for (const mark of page) left.splice(left.indexOf(mark), 1);
    const ownerIds = page.map((mark) => mark.split("/")[0] ?? "");
    worked.push(...ownerIds);
    const next = page.length < pageLength ? null : (page.at(-1) ?? null);
    return { ownerIds: [...new Set(ownerIds)], next };
  };
  const isLate = () => pages >= pagesMax;
  const walk = { start: "user_0", isLate, workOn, done: () => worked.length };
  return { walk, worked, left };
}

test("TEN-1 an owner whose rows fill many pages keeps no other waiting for more than one", async () => {
  const { walk, worked } = walkOver({ user_1: 100, user_2: 1, user_3: 1 }, 3);
  await inOwnersPasses(walk);
  expect(worked).toEqual(expect.arrayContaining(["user_2", "user_3"]));
});

test("all rows are come to in the end, also those before the start", async () => {
  const { walk, left } = walkOver({ user_1: 7, user_2: 3, user_3: 8 }, 100);
  await inOwnersPasses({ ...walk, start: "user_2" });
  expect(left).toEqual([]);
});

test("rows that can't be done are tried once in a call", async () => {
  let pages = 0;
  const workOn = async ({ after }: { after: string }) => {
    pages += 1;
    const isBehind = after > "user_1/";
    return { ownerIds: isBehind ? [] : ["user_1"], next: isBehind ? null : "user_1/0/a" };
  };
  const stuck = { start: "user_0", isLate: () => pages > 50, workOn, done: () => 0 };
  await inOwnersPasses(stuck);
  expect(pages).toBeLessThan(10);
});
