// @module-tag slow
import { describe, expect, test } from "vitest";
import { charactersPerStep, countCharacters } from "../../../test/kit/count-characters.ts";
import { digest, file } from "../../../test/kit/manifest-file.ts";
import { atOnce, workPerStep } from "../steps.ts";
import { emptyManifest, type ManifestEntry, manifestOf, timeRangeMs } from "./manifest.ts";
import {
  doubtSteps,
  encodeSteps,
  manifestBytes,
  manifestDigest,
  manifestSteps,
  parseManifest,
} from "./manifest-bytes.ts";
import { ManifestError } from "./manifest-error.ts";

const textOf = (entries: readonly unknown[]) =>
  ['{"v":2}', ...entries.map((entry) => JSON.stringify(entry)), ""].join("\n");
const folder = (path: string): ManifestEntry => ({ path, type: "directory", mode: 0o700 });
const link = (path: string, target: string): ManifestEntry => ({ path, type: "symlink", target });

describe("a manifest's bytes", () => {
  const manifest = manifestOf([
    file("b"),
    link("a", "b"),
    { ...folder("c"), modifiedAt: timeRangeMs.first },
    file("c/d", { parts: [{ pack: null, offsetBytes: 0, sizeBytes: 3 }] }),
    file("e", { linkTo: "b" }),
  ] as ManifestEntry[]);

  test("come back as they went", () => {
    expect(parseManifest(manifestBytes(manifest))).toEqual(manifest);
    expect(atOnce(doubtSteps(manifest))).toBeUndefined();
  });

  test("don't depend on the order of keys or entries", () => {
    const reversed = manifest.entries.map((entry) =>
      Object.fromEntries(Object.entries(entry).reverse()),
    );
    const other = parseManifest(Buffer.from(textOf(reversed)));
    const bytes = manifestBytes(manifestOf(other.entries.toReversed()));
    expect(manifestDigest(bytes)).toBe(manifestDigest(manifestBytes(manifest)));
  });

  // The digest is a name in storage, so a change of form needs a new `v`.
  test("are fixed", () => {
    expect(Buffer.from(manifestBytes(emptyManifest)).toString()).toBe('{"v":2}\n');
    const text =
      `{"v":2}\n{"path":"a","type":"symlink","target":"b"}\n{"path":"b","type":"file",` +
      `"sha256":"${digest("a")}","sizeBytes":3,"mode":420,"modifiedAt":1700000000000,` +
      `"parts":[{"pack":"${digest("b")}","offsetBytes":0,"sizeBytes":3}]}\n` +
      `{"path":"c","type":"directory","mode":448,"modifiedAt":-62135596800000}\n`;
    const first = manifestOf(manifest.entries.slice(0, 3));
    expect(Buffer.from(manifestBytes(first)).toString()).toBe(text);
  });

  test("of releases before are read, in the order of today", () => {
    const entries = [folder("a"), file("b"), file("b-c"), file("d-e"), file("d/f")];
    const before = Buffer.from(JSON.stringify({ v: 1, entries }));
    const paths = parseManifest(before).entries.map(({ path }) => path);
    expect(paths).toEqual(["a", "b", "b-c", "d/f", "d-e"]);
  });
});

describe("WSP-1 parseManifest() refuses", () => {
  const hole = { pack: null, offsetBytes: 0, sizeBytes: 3 };
  const refused: [string, string][] = [
    ["another version", '{"v":3}\n'],
    ["what ends in the middle", textOf([file("a")]).slice(0, -1)],
    ["a path that leaves", textOf([file("../a")])],
    ["a path that isn't normalised", textOf([file("./a")])],
    ["a path that is too long", textOf([file(`${"a/".repeat(512)}b`)])],
    ["a name that is too long", textOf([file("漢".repeat(86))])],
    ["disorder", textOf([file("b"), file("a")])],
    ["bytewise order", textOf([file("a-b"), file("a/b")])],
    ["a path twice", textOf([file("a"), file("a")])],
    ["a file below a file", textOf([file("a"), file("a/b")])],
    ["a file below a link", textOf([link("a", "b"), file("a/b")])],
    ["a link to nothing", textOf([link("a", "")])],
    ["parts that don't add up", textOf([file("a", { sizeBytes: 4 })])],
    ["a hole that lies somewhere", textOf([file("a", { parts: [{ ...hole, offsetBytes: 1 }] })])],
    ["set-uid", textOf([file("a", { mode: 0o4755 })])],
    ["a time that is no date", textOf([file("a", { modifiedAt: 8_700_000_000_000_000 })])],
    ["a time beyond the year 9999", textOf([file("a", { modifiedAt: 253_402_300_800_000 })])],
    [
      "a file of 8 PB",
      textOf([file("a", { sizeBytes: 2 ** 53, parts: [{ ...hole, sizeBytes: 2 ** 53 }] })]),
    ],
    [
      "a file of 8 GB",
      textOf([file("a", { sizeBytes: 2 ** 33, parts: [{ ...hole, sizeBytes: 2 ** 33 }] })]),
    ],
    [
      "a file of 12 GB in parts that are allowed",
      textOf([
        file("a", {
          sizeBytes: 12_000_000_000,
          parts: Array.from({ length: 3 }, () => ({ ...hole, sizeBytes: 4_000_000_000 })),
        }),
      ]),
    ],
    ["another name of no file", textOf([file("b", { linkTo: "a" })])],
    ["another name of a later file", textOf([file("a", { linkTo: "b" }), file("b")])],
    [
      "another name of another file",
      textOf([file("a"), file("b", { linkTo: "a", sha256: digest("f") })]),
    ],
    ["disorder in version 1", JSON.stringify({ v: 1, entries: [file("b"), file("a")] })],
    [
      "a file below a file in version 1",
      JSON.stringify({ v: 1, entries: [file("a"), file("a/b")] }),
    ],
    ["no version", JSON.stringify({ entries: [] })],
  ];
  test.each(refused)("%s", (_name, text) => {
    expect(() => parseManifest(Buffer.from(text))).toThrow(ManifestError);
  });

  const complete = refused.filter(
    ([, text]) => text.startsWith('{"v":2}\n') && text.endsWith("\n"),
  );
  test.each(complete)("%s, before it is stored as well", (_name, text) => {
    const lines = text.split("\n").slice(1, -1);
    const steps = doubtSteps({ v: 2, entries: lines.map((line) => JSON.parse(line)) });
    expect(() => Array.from(steps)).toThrow(ManifestError);
  });

  test("bytes that are no UTF-8", () => {
    const bytes = Buffer.from(textOf([file("a\u00ff")]), "latin1");
    expect(() => parseManifest(bytes)).toThrow("UTF-8");
  });
});

describe("WSP-1 the work for a manifest", () => {
  const deep = (count: number) => {
    const above = Array.from({ length: 100 }, (_, index) => `f${index % 10}`.repeat(4)).join("/");
    return manifestOf(
      Array.from({ length: count }, (_, index) =>
        file(`${above}/${String(index).padStart(6, "0")}`),
      ),
    );
  };

  test("grows with its bytes, however deep its paths are", () => {
    const bytes = manifestBytes(deep(500));
    const work = countCharacters(() => parseManifest(bytes));
    expect(work / bytes.length).toBeLessThan(8);
  });

  test("ends at the first fault, in a manifest of 15 MB too", () => {
    const line = `${JSON.stringify({ path: "a", sha256: digest("a") })}\n`;
    const bytes = Buffer.from(`{"v":2}\n${line.repeat(Math.floor(15_000_000 / line.length))}`);
    const work = countCharacters(() => {
      expect(() => parseManifest(bytes)).toThrow("Entry 1 of a manifest isn't one.");
    });
    expect(work).toBeLessThan(20_000);
  });

  test("ends at once where version 1 holds more than it can have held", () => {
    const bytes = Buffer.from(`{"v":1,"entries":[${"{},".repeat(1_000_000)}{}]}`);
    const work = countCharacters(() => {
      expect(() => parseManifest(bytes)).toThrow("holds too much");
    });
    expect(work).toBeLessThan(20_000);
  });

  const part = { pack: digest("b"), offsetBytes: 0, sizeBytes: 1 };
  const parts = Array.from({ length: 2_000 }, () => part);
  const inParts = Array.from({ length: 20 }, (_, index) =>
    file(String(index).padStart(2, "0"), { parts, sizeBytes: parts.length }),
  );
  test.each([
    ["long paths", deep(2_100)],
    ["few files in many parts", manifestOf(inParts)],
  ])("is done in short steps for %s, with others served in between", (_what, manifest) => {
    const bytes = manifestBytes(manifest);
    const before = Buffer.from(JSON.stringify({ v: 1, entries: manifest.entries }));
    // A step ends with the entry that fills it.
    const count = Math.floor(bytes.length / workPerStep / 2);
    for (const work of [manifestSteps(bytes), doubtSteps(manifest), encodeSteps(manifest)]) {
      const steps = charactersPerStep(work);
      expect(steps.length).toBeGreaterThanOrEqual(count);
      expect(Math.max(...steps)).toBeLessThan(10 * workPerStep);
    }
    // The text of version 1 is parsed as a whole.
    const [, , ...steps] = charactersPerStep(manifestSteps(before));
    expect(Math.max(...steps)).toBeLessThan(10 * workPerStep);
  });

  test("is refused for an entry in too many parts before they are looked at", () => {
    const parts = Array.from({ length: 30_000 }, () => 1);
    const work = countCharacters(() => {
      expect(() => parseManifest(Buffer.from(textOf([{ ...file("a"), parts }])))).toThrow("parts");
    });
    expect(work).toBeLessThan(300_000);
  });
});
