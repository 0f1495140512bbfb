/** Folders and moves within a manifest. */
import { expect, test } from "vitest";
import { atOnce, workPerStep } from "#shared/core/steps";
import type { Manifest, ManifestEntry } from "#shared/core/workspace/manifest";
import { encodeSteps } from "#shared/core/workspace/manifest-bytes";
import { compareTree } from "#shared/core/workspace/tree-order";
import { manifestBytesMax } from "#shared/protocol/runner";
import { withoutSteps } from "./change-files.ts";
import { moveSteps, newFolderSteps } from "./move-entries.ts";

const withMoved = (...parts: Parameters<typeof moveSteps>) => atOnce(moveSteps(...parts));
const withNewFolder = (...parts: Parameters<typeof newFolderSteps>) =>
  atOnce(newFolderSteps(...parts));

const sha256 = "0".repeat(64);
const file = (path: string, linkTo?: string): ManifestEntry => ({
  ...{ path, type: "file", sha256, sizeBytes: 0, mode: 0o644, modifiedAt: 0, parts: [] },
  ...(linkTo === undefined ? {} : { linkTo }),
});
const of = (...entries: ManifestEntry[]): Manifest => ({ v: 2, entries });
const pathsOf = (manifest: Manifest | null) => manifest?.entries.map(({ path }) => path);

test("a folder is made once, also inside folders that aren't there, and not below a file", () => {
  const made = withNewFolder(of(file("a.txt")), { path: "x/y", now: 5 });
  expect(made?.entries[1]).toMatchObject({ path: "x/y", type: "directory", modifiedAt: 5 });
  expect(withNewFolder(made ?? of(), { path: "x/y", now: 6 })).toBeNull();
  expect(withNewFolder(made ?? of(), { path: "x", now: 6 })).toBeNull();
  for (const path of ["a.txt", "a.txt/b"]) {
    expect(() => withNewFolder(of(file("a.txt")), { path, now: 5 })).toThrow("collides");
  }
});

test("a folder moves with all that is in it, in order, and leaves its own folder", () => {
  const before = of(file("a/b/1"), file("a/b/c/2"), file("m"), file("z/9"));
  const moved = withMoved(before, { from: "a/b", to: "n/new" });
  expect(pathsOf(moved)).toEqual(["a", "m", "n/new/1", "n/new/c/2", "z/9"]);
  expect(pathsOf(moved)).toEqual(pathsOf(moved)?.toSorted(compareTree));
  expect(moved?.entries[0]).toMatchObject({ type: "directory" });
  expect(withMoved(before, { from: "gone", to: "x" })).toBeNull();
});

test("several names of one file stay one file when its first name moves behind the others", () => {
  const before = of(file("a"), file("b", "a"), file("c", "a"), file("d"));
  const moved = withMoved(before, { from: "a", to: "x" });
  const links = moved?.entries.map((entry) => [entry.path, entry.type === "file" && entry.linkTo]);
  expect(links).toEqual([
    ["b", undefined],
    ["c", "b"],
    ["d", undefined],
    ["x", "b"],
  ]);
});

test("a move replaces nothing, and goes into neither a file nor itself", () => {
  const before = of(file("a/1"), file("b"), file("c/2"));
  expect(() => withMoved(before, { from: "a", to: "b" })).toThrow("already");
  expect(() => withMoved(before, { from: "b", to: "c" })).toThrow("already");
  expect(() => withMoved(before, { from: "a", to: "b/x" })).toThrow("collides");
  expect(() => withMoved(before, { from: "a", to: "a/x" })).toThrow("into itself");
  const deep = of(file(`a/${"d/".repeat(400)}f`));
  expect(() => withMoved(deep, { from: "a", to: "n".repeat(250) })).toThrow("longer");
});

test("TEN-1 a folder of many files moves in steps, and far too long paths aren't made", () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `d/${String(index).padStart(6, "0")}`);
  const before = of(...names.map((path) => file(path, path === names[0] ? undefined : names[0])));
  const move = (target: string) => moveSteps(before, { from: "d", to: target });
  const pausesOf = (steps: ReturnType<typeof move>) => {
    for (let count = 0; ; count += 1) {
      try {
        const { done, value } = steps.next();
        if (done === true) return { count, made: value?.entries.length };
      } catch (error) {
        return { count, error };
      }
    }
  };
  const { count, made } = pausesOf(move("e/f"));
  expect(made).toBe(names.length);
  // Each pass over the files is paused: moving, and linking them.
  expect(count).toBeGreaterThan(3 * ((names.length * 200) / workPerStep));
  // Made, they would be a hundred megabytes, for a request that costs nothing.
  const long = pausesOf(move(Array.from({ length: 500 }, () => "x").join("/")));
  expect(long).toEqual({ count: 0, error: expect.objectContaining({ code: "WORKSPACE_FULL" }) });
});

test("TEN-1 a list isn't written beyond its bound if all names of a file refer to a long one", () => {
  const names = Array.from({ length: 50_000 }, (_, index) => file(`c${index}`, "a"));
  const long = `b/${Array.from({ length: 4 }, () => "y".repeat(240)).join("/")}`;
  const lists = [
    atOnce(moveSteps(of(file("a"), ...names), { from: "a", to: long })),
    atOnce(withoutSteps(of(file("a"), file(long, "a"), ...names), "a")),
  ];
  for (const list of lists) {
    let pauses = 0;
    const steps = encodeSteps(list ?? of());
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) pauses += 1;
    expect(step.value?.length).toBeUndefined();
    expect(pauses).toBeLessThanOrEqual(manifestBytesMax / workPerStep);
  }
});
