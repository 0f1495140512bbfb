/** How much the database is asked for a list of threads, and for a search. */
import { expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { operationsOf, resetOperations } from "../kit/cloud.ts";
import { type Budget, fits, leastOf } from "../kit/least-cost.ts";
import { newEnvironment, newOwner, newThread } from "../kit/owners.ts";

async function cost(request: () => Promise<unknown>, most: Budget): Promise<Budget> {
  return await leastOf(async () => {
    await resetOperations();
    await request();
    const { reads, writes, roundTrips } = await operationsOf("threads");
    return { reads, writes, roundTrips };
  }, most);
}

test("a page of threads is one query, and a word is found without looking at other texts", async () => {
  const { key } = await newOwner();
  const body = { environmentId: await newEnvironment(key) };
  for (let made = 0; made < 3; made += 1) await newThread(key, { ...body, title: `gnu ${made}` });
  await newThread(key, { ...body, title: "the only okapi" });
  // The page, whose end says how many there are, and the name of their environment.
  const page = { reads: 4 + 1, writes: 0, roundTrips: 2 };
  expect(fits(await cost(() => send("/v1/threads?limit=4", { key }), page), page)).toBe(true);
  const find = () => send("/v1/threads/search", { key, body: { query: "okapi" } });
  // The text's entry, the thread's state, the thread, and the name of its environment.
  const search = { reads: 4, writes: 0, roundTrips: 4 };
  expect(fits(await cost(find, search), search)).toBe(true);
  expect((await find()).json.total).toBe(1);
});
