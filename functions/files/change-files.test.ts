import { describe, expect, test } from "vitest";
import { atOnce } from "#shared/core/steps";
import {
  type Manifest,
  type ManifestEntry,
  type ManifestFile,
  manifestOf,
} from "#shared/core/workspace/manifest";
import { manifestBytes, parseManifest } from "#shared/core/workspace/manifest-bytes";
import { fileSteps, withoutSteps } from "./change-files.ts";
import { uploadPath } from "./upload-path.ts";

function file(path: string, changes: Partial<ManifestFile> = {}): ManifestFile {
  const attributes = { sha256: "a".repeat(64), sizeBytes: 0, mode: 0o644, modifiedAt: 0 };
  return { path, type: "file", ...attributes, parts: [], ...changes };
}

const folder = (path: string): ManifestEntry => ({ path, type: "directory", mode: 0o700 });
const paths = (manifest: Manifest | null) => manifest?.entries.map(({ path }) => path);
const other = "b".repeat(64);

function expectReadable(manifest: Manifest | null): void {
  if (manifest === null) throw new Error("nothing was changed");
  expect(parseManifest(manifestBytes(manifest))).toEqual(manifest);
}

describe("withFile()", () => {
  const base = manifestOf([folder("d"), file("d/run", { mode: 0o755 }), file("d-x"), file("z")]);

  test.each(["d/new", "new/deep/file", "a", "zz", "d.x"])("puts %s in its place", (path) => {
    const next = atOnce(fileSteps(base, file(path)));
    expect(paths(next)).toContain(path);
    expectReadable(next);
  });

  test("WSP-2 leaves the permissions of what it replaces", () => {
    const next = atOnce(fileSteps(base, file("d/run", { sha256: other })));
    expect(next.entries[1]).toMatchObject({ path: "d/run", sha256: other, mode: 0o755 });
    expect(next.entries).toHaveLength(base.entries.length);
  });

  test("replaces a link itself, and gives a new file the usual permissions", () => {
    const linked = manifestOf([{ path: "l", type: "symlink", target: "/etc/passwd" }]);
    expect(atOnce(fileSteps(linked, file("l"))).entries).toEqual([file("l")]);
  });

  test("separates a file from its other names", () => {
    const two = manifestOf([file("a"), file("b", { linkTo: "a" }), file("c", { linkTo: "a" })]);
    const next = atOnce(fileSteps(two, file("a", { sha256: other })));
    expect(next.entries).toEqual([
      file("a", { sha256: other }),
      file("b"),
      file("c", { linkTo: "b" }),
    ]);
    expectReadable(next);
  });

  test.each(["d", "z/below", "d/run/below"])("refuses %s, where something else is", (path) => {
    expect(() => atOnce(fileSteps(base, file(path)))).toThrow(
      expect.objectContaining({ code: "INVALID_PATH" }),
    );
  });

  test("puts nothing below a link", () => {
    const linked = manifestOf([{ path: "l", type: "symlink", target: "/etc" }]);
    expect(() => atOnce(fileSteps(linked, file("l/passwd")))).toThrow("collides with");
  });
});

describe("without()", () => {
  const base = manifestOf([
    folder("d"),
    file("d/e/f"),
    file("d/e/g"),
    file("d-e"),
    file("h", { linkTo: "d/e/f" }),
  ]);

  test.each([
    ["d", ["d-e", "h"]],
    ["d/e", ["d", "d-e", "h"]],
    ["d/e/f", ["d", "d/e/g", "d-e", "h"]],
    ["d-e", ["d", "d/e/f", "d/e/g", "h"]],
  ])("%s leaves %j", (path, left) => {
    const next = atOnce(withoutSteps(base, path));
    expect(paths(next)).toEqual(left);
    expectReadable(next);
  });

  test("keeps the folder that a file was alone in", () => {
    const next = atOnce(withoutSteps(manifestOf([file("a/b/f")]), "a/b/f"));
    expect(next?.entries).toMatchObject([{ path: "a/b", type: "directory" }]);
  });

  test.each(["nope", "d/e/x", "d-", "h/x"])("returns null for %s", (path) => {
    expect(atOnce(withoutSteps(base, path))).toBeNull();
  });
});

describe("uploadPath()", () => {
  test.each([
    [{ filename: "back\\slash", path: "back\\slash" }, "back\\slash"],
    [{ filename: "back\\slash", path: "" }, "back\\slash"],
    [{ filename: "back\\slash", path: "d" }, "d/back\\slash"],
    [{ filename: "a\\b", path: "d/a\\b" }, "d/a\\b"],
    [{ filename: "C:\\Users\\me\\a.txt", path: "d" }, "d/a.txt"],
    [{ filename: "\\\\server\\share\\a.txt", path: "" }, "a.txt"],
    [{ filename: "x/y/a.txt", path: "d" }, "d/a.txt"],
  ])("%j lands at %s", (upload, path) => {
    expect(uploadPath(upload)).toBe(path);
  });
});
