import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Manifest,
  type ManifestEntry,
  manifestBytes,
  manifestOf,
  parseManifest,
} from "#shared/core/manifest";
import { mergeManifests } from "#shared/core/merge-manifests";

function file(path: string, content: number): ManifestEntry {
  const sha256 = content.toString(16).padStart(64, "0");
  const parts = [{ pack: "f".repeat(64), offsetBytes: content, sizeBytes: 1 }];
  return { path, type: "file", sha256, sizeBytes: 1, mode: 0o644, modifiedAt: 0, parts };
}

const at = (manifest: Manifest) =>
  Object.fromEntries(
    manifest.entries.map((entry) => [
      entry.path,
      entry.type === "file" ? Number(`0x${entry.sha256}`) : entry.type,
    ]),
  );

/** Few names and contents, so that the sides meet often; paths also stand below one another. */
const manifest = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom("a", "b.txt", "c/d", "c/e", "c"), fc.integer({ min: 1, max: 3 })),
    {
      selector: ([path]) => path,
    },
  )
  .map((files) => {
    const paths = files.map(([path]) => path);
    const kept = files.filter(([path]) => path !== "c" || !paths.some((p) => p.startsWith("c/")));
    return manifestOf(kept.map(([path, content]) => file(path, content)));
  });

describe("mergeManifests()", () => {
  const base = manifestOf([file("a", 1), file("b", 1), file("c", 1)]);

  test("takes each side's changes", () => {
    const ours = manifestOf([file("a", 2), file("b", 1), file("c", 1), file("ours", 5)]);
    const theirs = manifestOf([file("a", 1), file("c", 3), file("theirs", 6)]);
    const { manifest: merged, conflicts } = mergeManifests({ base, ours, theirs });
    expect(at(merged)).toEqual({ a: 2, c: 3, ours: 5, theirs: 6 });
    expect(conflicts).toEqual([]);
  });

  test("keeps both where both changed a file", () => {
    const theirs = manifestOf([file("notes/a.txt", 2)]);
    const ours = manifestOf([file("notes/a.txt", 3)]);
    const { manifest: merged, conflicts } = mergeManifests({ base, ours, theirs });
    const paths = merged.entries.map(({ path }) => path);
    expect(paths[0]).toMatch(/^notes\/a\.conflict-[0-9a-f]{8}\.txt$/);
    expect(paths[1]).toBe("notes/a.txt");
    expect(Object.values(at(merged))).toEqual([3, 2]);
    expect(conflicts).toEqual(["notes/a.txt"]);
  });

  test("lets a change win over a deletion, and reports it", () => {
    const gone = manifestOf([file("b", 1), file("c", 1)]);
    const changed = manifestOf([file("a", 2), file("b", 1), file("c", 1)]);
    for (const [ours, theirs] of [
      [gone, changed],
      [changed, gone],
    ] as const) {
      const merge = mergeManifests({ base, ours, theirs });
      expect(at(merge.manifest)).toMatchObject({ a: 2 });
      expect(merge.conflicts).toEqual(["a"]);
    }
  });

  test("moves a file aside where the other side made a folder", () => {
    const empty = manifestOf([]);
    const ours = manifestOf([file("x", 1)]);
    const theirs = manifestOf([file("x/y", 2)]);
    const { manifest: merged, conflicts } = mergeManifests({ base: empty, ours, theirs });
    expect(Object.values(at(merged)).sort()).toEqual([1, 2]);
    expect(conflicts).toEqual(["x"]);
    expect(parseManifest(manifestBytes(merged))).toEqual(merged);
  });

  test("always yields a manifest, and loses nothing that either side wrote", () => {
    fc.assert(
      fc.property(manifest, manifest, manifest, (was, ours, theirs) => {
        const { manifest: merged } = mergeManifests({ base: was, ours, theirs });
        expect(parseManifest(manifestBytes(merged))).toEqual(merged);
        const contents = Object.values(at(merged));
        for (const side of [ours, theirs]) {
          for (const [path, content] of Object.entries(at(side))) {
            if (at(was)[path] !== content) expect(contents).toContain(content);
          }
        }
      }),
    );
  });

  test("doesn't care which side is which, as long as they don't meet", () => {
    fc.assert(
      fc.property(manifest, manifest, manifest, (was, ours, theirs) => {
        const one = mergeManifests({ base: was, ours, theirs });
        const other = mergeManifests({ base: was, ours: theirs, theirs: ours });
        expect(other.conflicts).toEqual(one.conflicts);
        if (one.conflicts.length === 0) expect(other.manifest).toEqual(one.manifest);
      }),
    );
  });

  test("of one side only is that side", () => {
    fc.assert(
      fc.property(manifest, manifest, (was, ours) => {
        expect(mergeManifests({ base: was, ours, theirs: was })).toEqual({
          manifest: ours,
          conflicts: [],
        });
      }),
    );
  });
});
