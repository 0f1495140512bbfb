import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Thread } from "./threads.ts";

test("a thread of before archiving isn't archived, and was made by no repeatable request", () => {
  const stored = readFileSync("test/fixtures/documents/thread-before-archiving.json", "utf8");
  expect(Thread.parse(JSON.parse(stored))).toMatchObject({ archived: false, requestSha256: null });
});
