import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { charactersPerStep, countCharacters } from "../../../test/kit/count-characters.ts";
import { draws } from "../../../test/kit/draws.ts";
import { manifestBytesMax } from "../../protocol/runner.ts";
import type { WorkspaceRoom } from "../executions/profiles.ts";
import { workPerStep } from "../steps.ts";
import { fitManifest, fitToStore } from "./fit-manifest.ts";
import { fits, footprintOf, pageBytes, pathsBytesMax, restoreBytesOf } from "./footprint.ts";
import {
  type Manifest,
  type ManifestEntry,
  type ManifestFile,
  manifestInOrder,
  manifestOf,
  withFolders,
} from "./manifest.ts";
import { entryLine, manifestBytes, parseManifest } from "./manifest-bytes.ts";
import { isBelow } from "./tree-order.ts";

const pack = "b".repeat(64);

function file(path: string, pages: number, changes: object = {}): ManifestFile {
  const sizeBytes = pages * pageBytes;
  const sha256 = pages.toString().padStart(64, "0");
  const parts = pages === 0 ? [] : [{ pack, offsetBytes: 0, sizeBytes }];
  return { path, type: "file", mode: 0o644, modifiedAt: 0, sha256, sizeBytes, parts, ...changes };
}

const paths = ["a", "b", "c", "c/d", "c/e", "c/e/f", "c/e/g/h", "c/e/g/i", "c-1", "x/y/z/w"];
const more = ["x/y/z/v", "x/y/u", "x/t", "y", "z/y/x/w/v"];
/** Small, so that most rooms are too small for all of it. */
const manifest = fc
  .uniqueArray(
    fc.record({
      path: fc.constantFrom(...paths, ...more),
      pages: fc.integer({ min: 0, max: 4 }),
      type: fc.constantFrom("file", "name", "name", "folder", "link"),
      nameOf: fc.constantFrom(...paths, ...more),
    }),
    { selector: ({ path }) => path, maxLength: 15 },
  )
  .map((all) => {
    const isFolder = (path: string) => all.some((other) => isBelow(other.path, path));
    return manifestOf(
      all.map(({ path, pages, type, nameOf }): ManifestEntry => {
        if (type === "folder" || isFolder(path)) return { path, type: "directory", mode: 0o755 };
        if (type === "link") return { path, type: "symlink", target: "x".repeat(1 + pages * 100) };
        const first = all.find((other) => other.type === "file" && other.path === nameOf);
        if (type === "file" || first === undefined) return file(path, pages);
        return file(path, first.pages, { linkTo: first.path });
      }),
    );
  });
const room = fc.record({
  restoreBytes: fc.integer({ min: 0, max: 10 }).map((pages) => pages * pageBytes),
  inodes: fc.integer({ min: 0, max: 16 }),
});

/** Considers each entry with all that it needs, summing everything up again for each. */
function naiveFit(
  given: Manifest,
  { restoreBytes, inodes }: WorkspaceRoom,
  isFirst: (entry: ManifestEntry) => boolean,
) {
  const all = withFolders(given);
  const kept = new Set<ManifestEntry>();
  const left = [restoreBytes, inodes, pathsBytesMax, manifestBytesMax - 64];
  const withAbove = (entry: ManifestEntry) =>
    all.filter((other) => other === entry || isBelow(entry.path, other.path));
  for (const isWanted of [isFirst, (entry: ManifestEntry) => !isFirst(entry)]) {
    for (const entry of all.filter(isWanted)) {
      const linkTo = entry.type === "file" ? entry.linkTo : undefined;
      const first = all.filter(({ path }) => path === linkTo);
      const needed = new Set([...withAbove(entry), ...first.flatMap(withAbove)]);
      const missing = [...needed].filter((one) => !kept.has(one));
      const sums = [
        (one: ManifestEntry) => restoreBytesOf(one),
        () => 1,
        ({ path }: ManifestEntry) => Buffer.byteLength(path),
        (one: ManifestEntry) => Buffer.byteLength(entryLine(one)),
      ].map((costOf) => missing.reduce((sum, one) => sum + costOf(one), 0));
      if (sums.some((sum, index) => sum > (left[index] ?? 0))) continue;
      for (const [index, sum] of sums.entries()) left[index] = (left[index] ?? 0) - sum;
      for (const one of missing) kept.add(one);
    }
  }
  return {
    manifest: manifestInOrder(all.filter((entry) => kept.has(entry))),
    left: given.entries.filter((entry) => !kept.has(entry)),
  };
}

describe("WSP-1 fitManifest()", () => {
  test("keeps what fits, names the rest, and makes a manifest that can be read", () => {
    fc.assert(
      fc.property(manifest, room, (all, given) => {
        const { manifest: kept, left } = fitManifest(all, given);
        expect(fits(footprintOf(kept), given)).toBe(true);
        expect(parseManifest(manifestBytes(kept))).toEqual(kept);
        const named = new Set([...kept.entries, ...left].map(({ path }) => path));
        for (const { path } of all.entries) expect(named).toContain(path);
        if (fits(footprintOf(all), given)) expect(kept).toEqual(all);
      }),
      { numRuns: draws(500) },
    );
  });

  test("chooses what a choice would that sums everything up again for each entry", () => {
    fc.assert(
      fc.property(manifest, room, fc.func(fc.boolean()), (all, given, preferred) => {
        const isFirst = ({ path }: ManifestEntry) => preferred(path);
        fc.pre(!fits(footprintOf(all), given));
        expect(fitManifest(all, given, isFirst)).toEqual(naiveFit(all, given, isFirst));
      }),
      { numRuns: draws(1_000) },
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
      { numRuns: draws(500) },
    );
  });
});

/** A folder in a folder, and so on, each with a name of one letter. */
const depths = 300;
const deep = Array.from({ length: depths }, () => "a").join("/");
const many = (pathOf: (index: number) => string, changes: object = {}) =>
  Array.from({ length: 2_000 }, (_, index) => file(pathOf(index), 1, changes));
const files = many((index) => `${deep}/${index}`);
const names = [
  file(`${deep}/first`, 1),
  ...many((index) => `b${index}`, { linkTo: `${deep}/first` }),
];
/** Comes before all of them. */
const early = file("0", 1);

describe("WSP-1 the work of choosing", () => {
  const workspaces: [string, readonly ManifestEntry[], number][] = [
    ["no folder fits", [early, ...files], 1],
    ["the innermost folder doesn't fit", files, depths - 1],
    ["the folders fit, but no file with them", files, depths],
    ["half of the files fit", files, depths + 1_000],
    ["no folder of the first of many names fits", [early, ...names], 1],
    ["the first of many names doesn't fit", names, depths],
    ["a first name fits, but no further one with it", names, depths + 1],
    ["half of the names fit", names, depths + 1_000],
  ];

  test.each(workspaces)("grows with the manifest's bytes where %s", (_what, entries, inodes) => {
    const all = manifestOf(entries);
    const bytes = manifestBytes(all).length;
    const work = countCharacters(() => fitManifest(all, roomFor(inodes)));
    expect(work / bytes).toBeLessThan(12);
  });

  test.each(workspaces)("is done in few short steps where %s", (_what, entries, inodes) => {
    const all = manifestOf(entries);
    const steps = charactersPerStep(fitToStore(all, roomFor(inodes), () => true));
    expect(Math.max(...steps)).toBeLessThan(10 * workPerStep);
    // Summing up is no work on characters, but counts towards a step.
    const count = manifestBytes(all).length / workPerStep;
    expect(steps.length).toBeGreaterThan(count);
    expect(steps.length).toBeLessThan(5 * count);
  });
});

function roomFor(inodes: number): WorkspaceRoom {
  return { restoreBytes: 1_000_000_000, inodes };
}
