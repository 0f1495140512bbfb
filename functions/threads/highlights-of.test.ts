/** What is marked in a page of found threads, and how. */
import { expect, test } from "vitest";
import { countedPace } from "../../test/kit/counted-pace.ts";
import { highlightsOf } from "./highlights-of.ts";

const words = new Set(["zebra"]);
const { signal } = new AbortController();

test("TEN-1 the texts of a page are marked in pieces, each of which is followed by a rest", async () => {
  const paced = countedPace();
  const texts = ["of a zebra", "another", `${"so ".repeat(9_000)}zebra`];
  const found = Array.from({ length: 40 }, (_, index) => ({ threadId: `thread_${index}`, texts }));
  const highlights = await highlightsOf(found, words, { signal, paced });
  expect([...highlights.keys()]).toEqual(found.map(({ threadId }) => threadId));
  expect(highlights.get("thread_39")).toEqual([
    "of a **zebra**",
    expect.stringMatching(/^…(?:so )+\*\*zebra\*\*$/),
  ]);
  expect(paced.pieces).toBe(3 * found.length);
  // The first pieces of any work only let others go first.
  expect(paced.restedMs).toBeGreaterThanOrEqual(paced.pieces - 24);
});

test("TEN-1 nothing more is marked for a client that has gone", async () => {
  const paced = countedPace();
  const client = new AbortController();
  const found = [{ threadId: "thread_1", texts: Array.from({ length: 40 }, () => "zebra") }];
  const marked = highlightsOf(found, words, { signal: client.signal, paced });
  client.abort();
  await expect(marked).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(paced.pieces).toBe(1);
});
