// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { charactersPerStep, countCharacters } from "../../../test/kit/count-characters.ts";
import { isLong } from "../../../test/kit/shard.ts";
import { workPerStep } from "../steps.ts";
import { conflictPath } from "./conflict-name.ts";
import {
  type Manifest,
  type ManifestDirectory,
  type ManifestFile,
  manifestOf,
} from "./manifest.ts";
import { manifestBytes, parseManifest } from "./manifest-bytes.ts";
import { mergeManifests, mergeSteps } from "./merge-manifests.ts";
import { isConfined } from "./paths.ts";
import { isBelow } from "./tree-order.ts";

function file(path: string, content: number): ManifestFile {
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

/** 1,015 bytes: the suffix of a conflict would make it too long. */
const longPath = `${`${"d".repeat(199)}/`.repeat(5)}${"f".repeat(15)}`;
/** 253 bytes in 85 characters. */
const longName = `${"漢".repeat(84)}x`;
const folder = (path: string, mode: number): ManifestDirectory => {
  return { path, type: "directory", mode };
};

const names = ["a", "b.txt", "c/d", "c/e", "c", "c-d", longPath, `c/${longName}`, longName];

/** Few names, so that the sides often collide, each with contents of its own; some are nested. */
const manifest = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.integer({ min: 0, max: 3 })), {
    selector: ([path]) => path,
  })
  .map((files) => {
    const paths = files.map(([path]) => path);
    const isFolder = (path: string) => paths.some((other) => other.startsWith(`${path}/`));
    return manifestOf(
      files.map(([path, content]) =>
        content === 0 || isFolder(path)
          ? folder(path, 0o700 + content)
          : file(path, names.indexOf(path) * 4 + content),
      ),
    );
  })
  .filter(({ entries }) =>
    entries.every(({ path, type }) => {
      return type === "directory" || !entries.some((other) => other.path.startsWith(`${path}/`));
    }),
  );

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

  test("keeps a change that meets a deletion, and reports it", () => {
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
            const isOurs = content !== "directory" && at(was)[path] !== content;
            if (isOurs) expect(contents).toContain(content);
          }
        }
      }),
      { numRuns: isLong ? 5_000 : 200 },
    );
  });

  test("takes what each side changed or removed, whichever is ours", () => {
    const fate = fc.constantFrom("left", "ours", "theirs", "ours gone", "theirs gone");
    const fates = fc.array(fate, { minLength: names.length, maxLength: names.length });
    const changed = (was: Manifest, all: readonly string[], side: string) =>
      manifestOf(
        was.entries.flatMap((entry, index) => {
          if (entry.type !== "file" || !all[index]?.startsWith(side)) return [entry];
          return all[index] === side ? [file(entry.path, 99)] : [];
        }),
      );
    fc.assert(
      fc.property(manifest, fates, (was, all) => {
        const [ours, theirs] = [changed(was, all, "ours"), changed(was, all, "theirs")];
        const one = mergeManifests({ base: was, ours, theirs });
        expect(one.conflicts).toEqual([]);
        const wanted = was.entries.flatMap(({ path }) => {
          const [own, other] = [at(ours)[path], at(theirs)[path]];
          const kept = own === at(was)[path] ? other : own;
          return own === undefined || other === undefined ? [] : [[path, kept]];
        });
        expect(at(one.manifest)).toEqual(Object.fromEntries(wanted));
        expect(mergeManifests({ base: was, ours: theirs, theirs: ours })).toEqual(one);
      }),
    );
  });

  test.each([
    ["a path of 1,015 bytes", longPath],
    [
      "a path of 1,024 bytes with a long name",
      `${`${"d".repeat(199)}/`.repeat(4)}${"f".repeat(224)}`,
    ],
    ["a name of 253 bytes in few characters", longName],
    ["a name of 255 bytes", `${"x".repeat(251)}.txt`],
    ["an extension of 254 bytes", `x.${"漢".repeat(84)}`],
    ["a path whose folders leave no room for a name", `${`${"d".repeat(254)}/`.repeat(4)}f`],
  ])("WSP-1 gives %s a second name that is allowed", (_what, path) => {
    expect(isConfined(path)).toBe(true);
    const [ours, theirs] = [manifestOf([file(path, 2)]), manifestOf([file(path, 3)])];
    const { manifest: merged } = mergeManifests({ base, ours, theirs });
    expect(parseManifest(manifestBytes(merged))).toEqual(merged);
    expect(Object.values(at(merged)).sort()).toEqual([2, 3]);
  });

  test("keeps a file whose second name is taken, by files or by a folder", () => {
    const theirs = manifestOf([file("a", 3)]);
    const second = at(mergeManifests({ base, ours: manifestOf([file("a", 2)]), theirs }).manifest);
    const [name = ""] = Object.keys(second).filter((path) => path !== "a");
    for (const taken of [file(name, 7), file(`${name}/x`, 7)]) {
      const ours = manifestOf([file("a", 2), taken]);
      const { manifest: merged } = mergeManifests({ base, ours, theirs });
      expect(Object.values(at(merged)).sort()).toEqual([2, 3, 7]);
      expect(parseManifest(manifestBytes(merged))).toEqual(merged);
    }
  });

  test("WSP-2 keeps the permissions of a folder that one side removed and the other uses", () => {
    const was = manifestOf([folder("d", 0o700)]);
    const theirs = manifestOf([folder("d", 0o700), file("d/new", 1)]);
    for (const sides of [
      { ours: manifestOf([]), theirs },
      { ours: theirs, theirs: manifestOf([]) },
    ]) {
      const { manifest: merged } = mergeManifests({ base: was, ...sides });
      expect(merged.entries[0]).toEqual(folder("d", 0o700));
    }
  });

  test("takes the newer permissions of a folder that the other side left alone", () => {
    const was = manifestOf([folder("d", 0o755), file("d/f", 1)]);
    const ours = manifestOf([folder("d", 0o700), file("d/f", 1)]);
    const { manifest: merged } = mergeManifests({ base: was, ours, theirs: was });
    expect(merged).toEqual(ours);
  });

  test("WSP-1 looks at each character a bounded number of times", () => {
    const above = Array.from({ length: 100 }, () => "abcdefg").join("/");
    const deep = (content: number) =>
      manifestOf(Array.from({ length: 300 }, (_, index) => file(`${above}/${index}`, content)));
    const sides = { base: deep(1), ours: deep(2), theirs: deep(3) };
    const characters = 3 * 300 * above.length;
    const work = countCharacters(() => mergeManifests(sides));
    // This includes a binary search for each name that has to be found.
    expect(work / characters).toBeLessThan(25);
  });

  test("WSP-1 tries each name that is taken once, however many files would have it", () => {
    const long = (index: number) => `${"s".repeat(245)}${String(index).padStart(9, "0")}`;
    const all = (content: number) =>
      Array.from({ length: 150 }, (_, index) => file(long(index), content));
    const [first] = all(2);
    // Each name that a renamed file would get is taken by something else.
    const taken = Array.from({ length: 150 }, (_, attempt) => {
      return file(conflictPath(first ?? expect.fail(), attempt), 1_000 + attempt);
    });
    const sides = {
      base: manifestOf([...all(1), ...taken]),
      ours: manifestOf([...all(2), ...taken]),
      theirs: manifestOf([...all(3), ...taken]),
    };
    const characters = 3 * 300 * 255;
    const work = countCharacters(() => mergeManifests(sides));
    expect(work / characters).toBeLessThan(60);
    const { manifest: merged } = mergeManifests(sides);
    const beside = conflictPath(first ?? expect.fail(), 150);
    expect(at(merged)).toMatchObject({ [long(0)]: 3, [long(149)]: 3, [beside]: 2 });
    expect(merged.entries).toHaveLength(301);
  });

  test("WSP-1 looks at each character a bounded number of times, however many it renames", () => {
    const above = "abcdefg/".repeat(100);
    const many = (content: number) =>
      manifestOf(Array.from({ length: 2_000 }, (_, index) => file(`${above}${index}`, content)));
    const sides = { base: many(1), ours: many(2), theirs: many(3) };
    const work = countCharacters(() => mergeManifests(sides));
    expect(work / (3 * 2_000 * above.length)).toBeLessThan(20);
  });

  test("WSP-1 is done in short steps, however many names are taken", () => {
    const mine = file("a", 1);
    const taken = Array.from({ length: 5_000 }, (_, attempt) => {
      return file(conflictPath(mine, attempt), 1_000 + attempt);
    });
    const sides = {
      base: manifestOf([]),
      ours: manifestOf([mine]),
      theirs: manifestOf([file("a", 2), ...taken]),
    };
    const steps = charactersPerStep(mergeSteps(sides));
    // Each attempt makes a name of its own.
    expect(steps.length).toBeGreaterThan(50);
    expect(Math.max(...steps)).toBeLessThan(2 * workPerStep);
    const { manifest: merged } = mergeManifests(sides);
    expect(at(merged)).toMatchObject({ a: 2, [conflictPath(mine, 5_000)]: 1 });
  });

  test("WSP-1 is done in short steps, however long the names are", () => {
    const above = "abcdefg/".repeat(100);
    const long = (content: number) =>
      manifestOf(
        Array.from({ length: 1_000 }, (_, index) => {
          return file(
            `${above}${"x".repeat(200)}${String(index).padStart(4, "0")}`,
            content + index,
          );
        }),
      );
    const sides = { base: manifestOf([]), ours: long(1_000), theirs: long(5_000) };
    expect(Math.max(...charactersPerStep(mergeSteps(sides)))).toBeLessThan(8 * workPerStep);
    expect(mergeManifests(sides).manifest.entries).toHaveLength(2_000);
  });

  test("of one side only is that side, with what is known of its folders", () => {
    fc.assert(
      fc.property(manifest, manifest, (was, ours) => {
        const { manifest: merged, conflicts } = mergeManifests({ base: was, ours, theirs: was });
        const kept = was.entries.filter(
          ({ path, type }) =>
            type === "directory" &&
            !at(ours)[path] &&
            ours.entries.some((entry) => isBelow(entry.path, path)),
        );
        expect(merged).toEqual(manifestOf([...ours.entries, ...kept]));
        expect(conflicts).toEqual([]);
      }),
    );
  });
});
