import { describe, expect, test } from "vitest";
import { atOnce, workPerStep } from "#shared/core/steps";
import { type Manifest, type ManifestEntry, manifestOf } from "#shared/core/workspace/manifest";
import { charactersPerStep, countCharacters } from "../../test/kit/count-characters.ts";
import { type PageQuery, pageSteps } from "./page-of-files.ts";

const file = (path: string): ManifestEntry => {
  const attributes = { sha256: "a".repeat(64), sizeBytes: 0, mode: 0o644, modifiedAt: 5 };
  return { path, type: "file", ...attributes, parts: [] };
};
const folder = (path: string): ManifestEntry => ({ path, type: "directory", mode: 0o755 });

const tree = manifestOf([
  file("a/b/c/f"),
  file("a/b/g"),
  folder("a/empty"),
  file("a-b"),
  { path: "link", type: "symlink", target: "/etc" },
]);
const everything = { folder: "", depth: -1, limit: 100, offset: 0 };
const pageOfFiles = (manifest: Manifest, query: PageQuery) => atOnce(pageSteps(manifest, query));
const shown = (query: object) =>
  pageOfFiles(tree, { ...everything, ...query })?.shown.map(({ path }) => path);

describe("a page of files", () => {
  test("shows folders once, before what they hold", () => {
    expect(shown({})).toEqual([
      ...["a", "a/b", "a/b/c", "a/b/c/f", "a/b/g", "a/empty"],
      ...["a-b", "link"],
    ]);
  });

  test.each([
    [{ depth: 1 }, ["a", "a-b", "link"]],
    [{ depth: 2 }, ["a", "a/b", "a/empty", "a-b", "link"]],
    [{ folder: "a", depth: 1 }, ["a/b", "a/empty"]],
    [{ folder: "a/b" }, ["a/b/c", "a/b/c/f", "a/b/g"]],
    [{ folder: "a/empty" }, []],
    [{ limit: 2, offset: 1 }, ["a/b", "a/b/c"]],
    [{ limit: 5, offset: 7 }, ["link"]],
  ])("%j is %j", (query, paths) => {
    expect(shown(query)).toEqual(paths);
  });

  test.each(["nope", "a/b/g", "a/b/c/f/x", "link", "a/"])("%j is no folder", (path) => {
    expect(shown({ folder: path })).toBeUndefined();
  });

  test("counts all that the query means, shown or not", () => {
    expect(pageOfFiles(tree, { ...everything, limit: 1 })).toMatchObject({ total: 8 });
    expect(pageOfFiles(tree, { ...everything, depth: 1 })).toMatchObject({ total: 3 });
  });

  test("WSP-1 looks at each path a bounded number of times, and builds what it shows", () => {
    const above = Array.from({ length: 100 }, (_, index) => `f${index}`).join("/");
    const deep = manifestOf(Array.from({ length: 500 }, (_, index) => file(`${above}/${index}/f`)));
    const work = countCharacters(() => pageOfFiles(deep, { ...everything, limit: 1 }));
    const characters = deep.entries.reduce((sum, { path }) => sum + path.length, 0);
    expect(work / characters).toBeLessThan(6);
    const built = countCharacters(() => pageOfFiles(deep, everything)) - work;
    expect(built / characters).toBeLessThan(2);
  });

  test("TEN-1 is made in steps, each bounded however many entries there are", () => {
    const many = manifestOf(
      Array.from({ length: 20_000 }, (_, index) => file(`f/${index}/${index}`)),
    );
    const steps = charactersPerStep(pageSteps(many, { ...everything, limit: 1 }));
    expect(Math.max(...steps)).toBeLessThan(6 * workPerStep);
    expect(steps.length).toBeGreaterThan(3);
    const short = charactersPerStep(pageSteps(many, { ...everything, folder: "f/7" }));
    expect(short).toHaveLength(1);
  });
});
