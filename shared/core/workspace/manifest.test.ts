import { describe, expect, test } from "vitest";
import { digest, file } from "../../../test/kit/manifest-file.ts";
import { diffManifests, type Manifest, manifestOf, packsOf } from "./manifest.ts";

const paths = (entries: Manifest["entries"]) => entries.map(({ path }) => path);

describe("diffManifests()", () => {
  test("tells what came, changed and went; a new time alone is no change", () => {
    const base = manifestOf([file("kept"), file("changed"), file("gone"), file("touched")]);
    const next = manifestOf([
      file("kept"),
      file("changed", { sha256: digest("c") }),
      file("new"),
      file("touched", { modifiedAt: 5 }),
    ]);
    const diff = diffManifests(base, next);
    expect(paths(diff.created)).toEqual(["new"]);
    expect(paths(diff.modified)).toEqual(["changed"]);
    expect(paths(diff.deleted)).toEqual(["gone"]);
  });

  test("tells of a folder only while it holds nothing", () => {
    const folder = { path: "a", type: "directory", mode: 0o755 } as const;
    const diff = diffManifests(manifestOf([folder]), manifestOf([folder, file("a/b")]));
    expect(paths(diff.created)).toEqual(["a/b"]);
    expect(paths(diff.deleted)).toEqual(["a"]);
  });
});

describe("packsOf()", () => {
  test("names each pack once, and none for a hole", () => {
    const hole = { pack: null, offsetBytes: 0, sizeBytes: 3 };
    const sparse = file("c", { parts: [hole] });
    expect([...packsOf(manifestOf([file("a"), file("b"), sparse]))]).toEqual([digest("b")]);
  });
});

describe("names of one file", () => {
  const named = (path: string, linkTo: string) => file(path, { linkTo });
  const links = (manifest: Manifest) =>
    manifest.entries.map((entry) => (entry.type === "file" ? (entry.linkTo ?? null) : null));

  test("stay so", () => {
    expect(links(manifestOf([named("c", "a"), named("b", "a"), file("a")]))).toEqual([
      null,
      "a",
      "a",
    ]);
  });

  test("go on to share it when the first of them is gone", () => {
    expect(links(manifestOf([named("b", "a"), named("c", "a")]))).toEqual([null, "b"]);
  });

  test("go on to share it when the first has become another file", () => {
    const other = file("a", { sha256: digest("f") });
    expect(links(manifestOf([other, named("b", "a"), named("c", "a")]))).toEqual([null, null, "b"]);
  });

  test("part when one of them changes", () => {
    const changed = { ...named("b", "a"), mode: 0o600 };
    expect(links(manifestOf([file("a"), changed, named("c", "a")])).at(-1)).toBe(null);
  });
});
