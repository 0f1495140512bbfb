/** How much of an instance's time comparing texts may take. */
import { expect, test } from "vitest";
import { type ManifestSymlink, manifestOf } from "#shared/core/workspace/manifest";
import { newOwner } from "#shared/owners/act-on-owner";
import { countedPace } from "../../test/kit/counted-pace.ts";
import { changedLines, diffOf, patchWithin } from "./diff-snapshots.ts";

const named = { from: "a/x", to: "b/x" };

test("texts are compared by their lines", () => {
  const patch = patchWithin({ ...named, before: "one\ntwo\n", after: "one\n" }, 10_000);
  expect(patch).toContain("\n one\n-two\n");
});

test.each([
  ["one\n", "one\n++two;\n++ three\n", 2, 0],
  ["-- a comment\n--\n@@ -1 +1 @@\n", "", 0, 3],
  ["--- a/x\n", "+++ b/x", 1, 1],
  ["same\n", "same\n", 0, 0],
])(
  "lines that look like the head of a patch count like others (%#)",
  (before, after, more, less) => {
    const patch = patchWithin({ ...named, before, after }, 10_000);
    expect(changedLines(patch ?? "")).toEqual({ additions: more, deletions: less });
  },
);

test("texts that few edits divide, and that take long to compare, are only named", () => {
  // Each of the edits may lie at each of the lines, which look the same.
  const before = "\n".repeat(131_000);
  const after = `${"\n".repeat(60_000)}${"x\n".repeat(900)}${"\n".repeat(70_100)}`;
  expect(patchWithin({ ...named, before, after }, 60_000)).toContain("+x\n");
  expect(patchWithin({ ...named, before, after }, 1)).toBeNull();
});

test("TEN-1 comparing long lists of files, and each text, is followed by a rest", async () => {
  const owner = newOwner(`user_${"a".repeat(21)}`, "development");
  const link = (index: number, target: string): ManifestSymlink => ({
    path: `${"x".repeat(200)}${String(index).padStart(5, "0")}`,
    type: "symlink",
    target,
  });
  const links = (changed: number) =>
    manifestOf(
      Array.from({ length: 20_000 }, (_, index) => link(index, index < changed ? "new" : "old")),
    );
  const paced = countedPace();
  const { signal } = new AbortController();
  const sides = { before: links(0), after: links(50), path: null };
  const { additions } = await diffOf(owner, { ...sides, clock: () => 0, signal, paced });
  expect(additions).toBe(50);
  expect(paced.pieces).toBeGreaterThan(60);
  expect(paced.restedMs).toBeGreaterThanOrEqual(paced.pieces - 2 * 24);
});
