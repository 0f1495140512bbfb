import { describe, expect, test } from "vitest";
import { charactersPerStep } from "../../../test/kit/count-characters.ts";
import { workPerStep } from "../steps.ts";
import { footprintOf, footprintSteps, pageBytes } from "./footprint.ts";
import { type ManifestEntry, type ManifestFile, manifestOf } from "./manifest.ts";

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

  test("looks at few characters between two pauses, however long the paths are", () => {
    const above = Array.from({ length: 100 }, () => "abcdefg").join("/");
    const long = manifestOf(
      Array.from({ length: 2_000 }, (_, index) => file(`${above}/${index}`, [data(1)])),
    );
    const steps = charactersPerStep(footprintSteps(long));
    expect(Math.max(...steps)).toBeLessThan(6 * workPerStep);
  });
});
