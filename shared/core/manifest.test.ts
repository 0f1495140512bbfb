import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareBytewise,
  diffManifests,
  emptyManifest,
  type Manifest,
  type ManifestFile,
  manifestBytes,
  manifestDigest,
  manifestOf,
  packsOf,
  parseManifest,
} from "#shared/core/manifest";

const digest = (letter: string) => letter.repeat(64);

function file(path: string, changes: Partial<ManifestFile> = {}): ManifestFile {
  return {
    path,
    type: "file",
    sha256: digest("a"),
    sizeBytes: 3,
    mode: 0o644,
    modifiedAt: 1_700_000_000_000,
    parts: [{ pack: digest("b"), offsetBytes: 0, sizeBytes: 3 }],
    ...changes,
  };
}

describe("a manifest's bytes", () => {
  const manifest = manifestOf([
    file("b"),
    { path: "a", type: "symlink", target: "b" },
    { path: "c", type: "directory", mode: 0o755 },
  ]);

  test("come back as they went", () => {
    expect(parseManifest(manifestBytes(manifest))).toEqual(manifest);
  });

  test("don't depend on the order of keys or entries", () => {
    const reversed = manifest.entries.map((entry) =>
      Object.fromEntries(Object.entries(entry).reverse()),
    );
    const other = parseManifest(Buffer.from(JSON.stringify({ entries: reversed, v: 1 })));
    const bytes = manifestBytes(manifestOf(other.entries.toReversed()));
    expect(manifestDigest(bytes)).toBe(manifestDigest(manifestBytes(manifest)));
  });

  // The digest is a name in storage: a change of form needs a new `v`.
  test("are fixed", () => {
    expect(Buffer.from(manifestBytes(emptyManifest)).toString()).toBe('{"v":1,"entries":[]}');
    expect(manifestDigest(manifestBytes(manifest))).toBe(
      manifestDigest(
        Buffer.from(
          `{"v":1,"entries":[{"path":"a","type":"symlink","target":"b"},{"path":"b","type":"file",` +
            `"sha256":"${digest("a")}","sizeBytes":3,"mode":420,"modifiedAt":1700000000000,` +
            `"parts":[{"pack":"${digest("b")}","offsetBytes":0,"sizeBytes":3}]},` +
            `{"path":"c","type":"directory","mode":493}]}`,
        ),
      ),
    );
  });
});

describe("parseManifest() refuses", () => {
  const refused: [string, unknown][] = [
    ["another version", { v: 2, entries: [] }],
    ["a path that leaves", { v: 1, entries: [file("../a")] }],
    ["a path that isn't normalised", { v: 1, entries: [file("./a")] }],
    ["disorder", { v: 1, entries: [file("b"), file("a")] }],
    ["a path twice", { v: 1, entries: [file("a"), file("a")] }],
    ["a file below a file", { v: 1, entries: [file("a"), file("a/b")] }],
    [
      "a file below a link",
      { v: 1, entries: [{ path: "a", type: "symlink", target: "b" }, file("a/b")] },
    ],
    ["a link that leaves", { v: 1, entries: [{ path: "a", type: "symlink", target: "../b" }] }],
    ["parts that don't add up", { v: 1, entries: [file("a", { sizeBytes: 4 })] }],
    ["set-uid", { v: 1, entries: [file("a", { mode: 0o4755 })] }],
  ];
  test.each(refused)("%s", (_name, value) => {
    expect(() => parseManifest(Buffer.from(JSON.stringify(value)))).toThrow();
  });
});

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
    const paths = (entries: Manifest["entries"]) => entries.map(({ path }) => path);
    expect(paths(diff.created)).toEqual(["new"]);
    expect(paths(diff.modified)).toEqual(["changed"]);
    expect(paths(diff.deleted)).toEqual(["gone"]);
  });
});

describe("packsOf()", () => {
  test("names each pack once", () => {
    expect([...packsOf(manifestOf([file("a"), file("b")]))]).toEqual([digest("b")]);
  });
});

describe("compareBytewise()", () => {
  test("orders as the UTF-8 bytes do", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareBytewise(a, b))).toBe(bytes);
      }),
    );
  });
});
