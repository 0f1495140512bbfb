/** How much of an instance's time comparing texts may take. */
import { expect, test } from "vitest";
import { patchWithin } from "./diff-snapshots.ts";

const named = { from: "a/x", to: "b/x" };

test("texts are compared by their lines", () => {
  const patch = patchWithin({ ...named, before: "one\ntwo\n", after: "one\n" }, 10_000);
  expect(patch).toContain("\n one\n-two\n");
});

test("texts that few edits divide, and that take long to compare, are only named", () => {
  // Each of the edits may lie at each of the lines, which look the same.
  const before = "\n".repeat(131_000);
  const after = `${"\n".repeat(60_000)}${"x\n".repeat(900)}${"\n".repeat(70_100)}`;
  expect(patchWithin({ ...named, before, after }, 60_000)).toContain("+x\n");
  expect(patchWithin({ ...named, before, after }, 1)).toBeNull();
});
