import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countCharacters } from "../../../test/kit/count-characters.ts";
import { fitManifest, fits, footprintOf, pageBytes } from "./footprint.ts";
import { type ManifestEntry, type ManifestFile, manifestOf } from "./manifest.ts";
import { manifestBytes, parseManifest } from "./manifest-bytes.ts";
import { isBelow } from "./tree-order.ts";

const pack = "b".repeat(64);
const data = (sizeBytes: number) => ({ pack, offsetBytes: 0, sizeBytes });
const hole = (sizeBytes: number) => ({ pack: null, offsetBytes: 0, sizeBytes });

function file(path: string, parts: ManifestFile["parts"], changes: object = {}): ManifestFile {
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const attributes = { mode: 0o644, modifiedAt: 0, sha256: sizeBytes.toString().padStart(64, "0") };
  return { path, type: "file", ...attributes, sizeBytes, parts, ...changes };
}

const link = (path: string, length: number): ManifestEntry => {
  return { path, type: "symlink", target: "x".repeat(length) };
};
const needs = (...entries: ManifestEntry[]) => footprintOf(manifestOf(entries));

describe("WSP-1 footprintOf()", () => {
  test.each<[string, ManifestFile["parts"], number]>([
    ["an empty file", [], 0],
    ["one byte", [data(1)], 1],
    ["a page and a byte", [data(4_097)], 2],
    ["two parts that meet in a page", [data(10), data(10)], 1],
    ["a hole alone", [hole(800_000_000)], 0],
    ["a byte on either side of a hole within a page", [data(1), hole(100), data(1)], 1],
    ["a byte behind a hole", [hole(8_192), data(1)], 1],
    ["a hole between two pages", [data(4_096), hole(8_192), data(4_096)], 2],
  ])("counts %s in whole pages", (_what, parts, pages) => {
    expect(needs(file("f", parts)).restoreBytes).toBe(pages * pageBytes);
  });

  test("counts a file with many names once, and each name", () => {
    const other = file("g", [data(4_096)], { linkTo: "f" });
    const footprint = needs(file("f", [data(4_096)]), other);
    expect(footprint).toMatchObject({ restoreBytes: 4_096, inodes: 2, fileCount: 2 });
  });

  test("counts a page for a long link, and folders that follow from what they hold", () => {
    expect(needs(link("a/b/c", 128), link("a/d", 127))).toMatchObject({
      restoreBytes: 4_096,
      inodes: 4,
    });
  });
});

/** Small, so that most rooms are too small for all of it. */
const entry = fc.tuple(
  fc.constantFrom("a", "b", "c/d", "c/e", "c/f/g", "c/f/h", "h", "i/j"),
  fc.integer({ min: 0, max: 4 }),
  fc.constantFrom("file", "name", "folder", "link"),
);
const manifest = fc.uniqueArray(entry, { selector: ([path]) => path, maxLength: 8 }).map((all) =>
  manifestOf(
    all.map(([path, size, type]): ManifestEntry => {
      if (type === "folder") return { path, type: "directory", mode: 0o755 };
      if (type === "link") return link(path, 1 + size * 100);
      const parts = size === 0 ? [] : [data(size * pageBytes)];
      return file(path, parts, type === "name" ? { linkTo: "a" } : {});
    }),
  ),
);

describe("WSP-1 fitManifest()", () => {
  const room = fc.record({
    restoreBytes: fc.integer({ min: 0, max: 10 }).map((pages) => pages * pageBytes),
    inodes: fc.integer({ min: 0, max: 12 }),
  });

  test("keeps what fits, names the rest, and makes a manifest that can be read", () => {
    fc.assert(
      fc.property(manifest, room, (all, given) => {
        const { manifest: kept, left } = fitManifest(all, given);
        expect(fits(footprintOf(kept), given)).toBe(true);
        expect(parseManifest(manifestBytes(kept))).toEqual(kept);
        const paths = new Set([...kept.entries, ...left].map(({ path }) => path));
        for (const { path } of all.entries) expect(paths).toContain(path);
        if (fits(footprintOf(all), given)) expect(kept).toEqual(all);
      }),
      { numRuns: 500 },
    );
  });

  test("keeps what comes first, as far as it fits, whatever else there is", () => {
    fc.assert(
      fc.property(manifest, room, (all, given) => {
        const isFirst = ({ path }: ManifestEntry) => isBelow(path, "c");
        const own = all.entries.filter(isFirst);
        const first = manifestOf(own);
        const { manifest: kept } = fitManifest(all, given, isFirst);
        const isAlone = own.every((one) => one.type !== "file" || !one.linkTo);
        if (!isAlone || !fits(footprintOf(first), given)) return;
        for (const one of first.entries) expect(kept.entries).toContainEqual(one);
      }),
      { numRuns: 500 },
    );
  });

  test("looks at each character a bounded number of times", () => {
    const above = Array.from({ length: 100 }, () => "abcdefg").join("/");
    const deep = manifestOf(
      Array.from({ length: 500 }, (_, index) => file(`${above}/${index}`, [data(4_096)])),
    );
    const given = { restoreBytes: 250 * 4_096, inodes: 10_000 };
    const work = countCharacters(() => fitManifest(deep, given));
    expect(work / (500 * above.length)).toBeLessThan(16);
  });
});
