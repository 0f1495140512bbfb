import { expect, test } from "vitest";
import { findHastyWaits } from "./await-rules.ts";
import { parseSource } from "./source-file.ts";

test.each([
  ["await vi.waitFor(() => expect(seen).toBe(1));", 1],
  ["await expect.poll(ended).toBe(true);", 1],
  ["await vi.waitFor(() => expect(seen).toBe(1), 20_000);", 0],
  ["await expect.poll(ended, { timeout: 20_000 }).toBe(true);", 0],
])("findHastyWaits() in %s", (text, count) => {
  expect(findHastyWaits(parseSource("test/a.test.ts", text))).toHaveLength(count);
});
