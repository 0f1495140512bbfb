// @module-tag slow
/** Repositories that somebody made to take more than one request may, of memory or of time. */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GitFault } from "#shared/core/git/git-fault";
import { readLimits, workPerBlock } from "#shared/core/git/read-budget";
import { draws } from "../../test/kit/draws.ts";
import {
  addedEntry,
  commitOf,
  extension,
  indexOf,
  openParts,
  packOf,
  shortened,
  treeFolder,
  treeRow,
} from "../../test/kit/git-parts.ts";
import { branchesOf, commitsFrom, hasUnpushed, withoutCredentials } from "./read-refs.ts";
import { readStatus } from "./read-status.ts";
import type { Repository } from "./repository.ts";

const oid = (start: string) => start.padEnd(40, "0");
const head = { ".git/refs/heads/main": `${oid("22")}\n` };
type Parts = Readonly<Record<string, string | Buffer>>;

/** Reads everything, and says why that was refused. */
async function readAll(parts: Parts) {
  const opened: { repository?: Repository } = {};
  const read = async () => {
    const repository = await openParts(parts);
    opened.repository = repository;
    await readStatus(repository);
    await branchesOf(repository);
    await hasUnpushed(repository);
    if (repository.head === null) return;
    for await (const _ of commitsFrom(repository, repository.head, 50));
  };
  const refused: unknown = await read().then(
    () => null,
    (error) => error,
  );
  if (refused !== null && !(refused instanceof GitFault)) throw refused;
  expect(opened.repository?.budget.longestBlock ?? 0).toBeLessThanOrEqual(workPerBlock);
  return { why: refused?.why ?? "", budget: opened.repository?.budget };
}

const larger = "larger than what one request reads";
const longPath = "too long a path";

/** A tree that holds itself, and many names beside. */
function selfContaining(): Parts {
  const rows = Array.from({ length: 240_000 }, (_, index) =>
    treeRow("100644", index.toString(36), oid("11")),
  );
  const bytes = Buffer.concat([treeRow("40000", "a", oid("11")), ...rows]);
  const tree = { oids: [oid("11")], type: 2, bytes } as const;
  const commit = { oids: [oid("22")], type: 1, bytes: commitOf(oid("11"), [], "x") } as const;
  return { ...head, ...packOf([tree, commit]) };
}

/** Folders that are in the last of many packs, each of which has names that begin alike. */
function askedPacks(): Parts {
  const bytes = Buffer.concat(
    Array.from({ length: 19_000 }, (_, index) => treeRow("40000", index.toString(36), oid("1101"))),
  );
  const root = { oids: [oid("11")], type: 2, bytes } as const;
  const none = { oids: [oid("1101")], type: 2, bytes: Buffer.alloc(0) } as const;
  const commit = { oids: [oid("22")], type: 1, bytes: commitOf(oid("11"), [], "x") } as const;
  const decoys = Array.from({ length: 200 }, (_, index) => `11ff${index}`.padEnd(40, "0"));
  const packs = Array.from({ length: 99 }, (_, index) =>
    packOf([{ oids: decoys, type: 2, bytes: Buffer.alloc(0) }], `pack-${index}`),
  );
  return { ...head, ...Object.assign({}, ...packs), ...packOf([root, none, commit], "pack-z") };
}

/** Long names that each differ by their last byte from the one before. */
function longNames(entries: number, length: number): Buffer {
  const rest = Array.from({ length: entries }, (_, index) => shortened(index % 2 ? "b" : "c", 1));
  return indexOf({ version: 4, entries: [addedEntry("a".repeat(length)), ...rest] });
}

/** Names that each add a byte to the one before. */
function growingIndex(entries: number, first: number): Parts {
  const rest = Array.from({ length: entries }, () => addedEntry("b"));
  const all = [addedEntry("a".repeat(first)), ...rest];
  return { ".git/index": indexOf({ version: 4, entries: all }) };
}

function ignoringFolders(text: string, folders: number): Record<string, string> {
  const paths = Array.from({ length: folders }, (_, index) => "a/".repeat(index));
  return Object.fromEntries(paths.map((path) => [`${path}.gitignore`, text]));
}

const attacks: readonly (readonly [string, string, () => Parts])[] = [
  ["names of an index that grow", longPath, () => growingIndex(2_000, 1_000_000)],
  ["many long names of an index", larger, () => ({ ".git/index": longNames(60_000, 3_000) })],
  [
    "a name of many folders",
    longPath,
    () => ({ ".git/index": indexOf({ version: 4, entries: [addedEntry("a/".repeat(160_000))] }) }),
  ],
  [
    "folders of an index below a long one",
    longPath,
    () => {
      const folders = [treeFolder("b".repeat(8), 0)];
      const all = [treeFolder("", 1), treeFolder("a".repeat(4_090), 1), ...folders];
      const extensions = extension("TREE", Buffer.concat(all));
      return { ".git/index": indexOf({ version: 2, entries: [], extensions }) };
    },
  ],
  [
    "many folders of an index below a long one",
    larger,
    () => {
      const folders = Array.from({ length: 40_000 }, () => treeFolder("b", 0));
      const all = [treeFolder("", 1), treeFolder("a".repeat(4_000), 40_000), ...folders];
      const extensions = extension("TREE", Buffer.concat(all));
      return { ".git/index": indexOf({ version: 2, entries: [], extensions }) };
    },
  ],
  ["a tree that holds itself", larger, selfContaining],
  [
    "patterns of folders that are all held",
    larger,
    () => ({
      ...ignoringFolders(`${"[a]".repeat(340)}/\n`.repeat(250), 12),
      ".git/index": indexOf({ version: 4, entries: [addedEntry(`${"a/".repeat(12)}f`)] }),
    }),
  ],
  ["a name that a hundred packs are asked for", larger, askedPacks],
  [
    "a section of settings with a long name",
    larger,
    () => {
      const names = Array.from({ length: 9_000 }, (_, index) => `a${index}\n`).join("");
      return { ".git/config": `[a "${"b".repeat(100_000)}"]\n${names}` };
    },
  ],
];

describe("one request's budget", { timeout: 300_000 }, () => {
  test.each(attacks)("refuses %s", async (_, why, parts) => {
    const before = performance.now();
    const read = await readAll(parts());
    expect(read.why).toContain(why);
    expect(performance.now() - before).toBeLessThan(60_000);
    const { budget } = read;
    if (budget) expect(budget.spent("keptBytes")).toBeLessThan(2 * readLimits.keptBytes);
  });

  test("counts each pattern of a folder, though none matches", async () => {
    const files = Array.from({ length: 40 }, (_, index) => [`${"a/".repeat(50)}f${index}`, ""]);
    const ignores = ignoringFolders("x/\n".repeat(2_000), 50);
    const held = indexOf({ version: 4, entries: [addedEntry(`${"a/".repeat(50)}f0`)] });
    const { budget, why } = await readAll({
      ...Object.fromEntries(files),
      ...ignores,
      ".git/index": held,
    });
    expect(why).toBe("");
    expect(budget?.spent("work")).toBeGreaterThan(39 * 50 * 2_000 * 4);
    // What the folders' patterns took was given back.
    expect(budget?.spent("keptBytes")).toBeLessThan(4_000_000);
  });

  test("compares with a class as with a character, whatever it holds", async () => {
    const workOf = async (pattern: string) => {
      const files = Array.from({ length: 100 }, (_, index) => [`${"z".repeat(200)}${index}`, ""]);
      const ignore = { ".gitignore": `${pattern}\n`.repeat(50) };
      const { budget } = await readAll({ ...Object.fromEntries(files), ...ignore });
      return budget?.spent("work") ?? 0;
    };
    const [wide, narrow] = [await workOf(`*[${"0".repeat(1_000)}]`), await workOf("*[0]")];
    expect(wide - narrow).toBeLessThan(50 * 1_100 * 25);
  });

  test("cuts the messages of commits, and says so", async () => {
    const oids = Array.from({ length: 64 }, (_, index) =>
      oid((index + 1).toString(16).padStart(2, "0")),
    );
    const bytes = commitOf(oid(""), oids, `${"m".repeat(4_000_000)}\n`);
    const repository = await openParts({ ...head, ...packOf([{ oids, type: 1, bytes }]) });
    const lengths: number[] = [];
    for await (const { commit } of commitsFrom(repository, oid("22"), 50)) {
      expect(commit.isCut).toBe(true);
      lengths.push(commit.message.length);
    }
    expect(lengths).toEqual(new Array(50).fill(20_000));
  });

  test("ends with the time, however much is left to do", async () => {
    let looks = 0;
    const check = () => {
      looks += 1;
      if (looks > 10) throw new GitFault("late");
    };
    const names = Array.from({ length: 100_000 }, () => shortened("b", 1));
    const entries = [addedEntry("a"), ...names];
    const repository = await openParts({ ".git/index": indexOf({ version: 4, entries }) }, check);
    await expect(readStatus(repository)).rejects.toThrow("late");
  });

  test("holds in a process with little memory", () => {
    const script = `
      import { readFileSync } from "node:fs";
      const { openParts } = await import("./test/kit/git-parts.ts");
      const { readStatus } = await import("./functions/git/read-status.ts");
      const index = Buffer.from(readFileSync(0, "utf8"), "base64");
      const why = await readStatus(await openParts({ ".git/index": index })).then(String, String);
      console.log(why);
    `;
    const index = longNames(150_000, 4_000);
    const words = ["--max-old-space-size=300", "--input-type=module", "--eval", script];
    const said = execFileSync(process.execPath, words, {
      cwd: `${import.meta.dirname}/../..`,
      input: index.toString("base64"),
      encoding: "utf8",
    });
    expect(said).toContain(larger);
  });
});

const name = fc.oneof(
  fc.constantFrom("", "a", "b/", ".git", "x".repeat(3_000), "a/".repeat(2_000), "é\u0001"),
  fc.string({ maxLength: 8 }),
);
const many = fc.integer({ min: 0, max: 3_000 });
const text = fc.oneof(
  fc.tuple(name, many).map(([part, count]) => part.slice(0, 80).repeat(count)),
  fc
    .tuple(fc.constantFrom("[a]*\n", "**/x/\n", "!*?[!a-z]\n", "\n", "[s]\nk=v\n"), many)
    .map(([part, count]) => part.repeat(count)),
);
const anyIndex = fc
  .record({ names: fc.array(fc.tuple(name, many), { maxLength: 6 }), tree: name, folders: many })
  .map(({ names, tree, folders }) => {
    const entries = names.flatMap(([part, count]) => [
      ...Array.from({ length: count }, () => addedEntry(part)),
      shortened(part, 0),
    ]);
    const all = [treeFolder("", 1), treeFolder(tree, folders)];
    for (let count = 0; count < folders; count += 1) all.push(treeFolder(tree, folders - count));
    return indexOf({ version: 4, entries, extensions: extension("TREE", Buffer.concat(all)) });
  });
const anyTree = fc.array(
  fc.tuple(fc.constantFrom("40000", "100644", "160000"), name, fc.constantFrom("11", "12")),
  { maxLength: 40 },
);
const anyParts = fc
  .record({ index: anyIndex, tree: anyTree, times: many, config: text, ignore: text, refs: text })
  .map(({ index, tree, times, config, ignore, refs }): Parts => {
    const rows = tree.map(([mode, part, start]) => treeRow(mode, part, oid(start)));
    const bytes = Buffer.concat(rows);
    const more = Buffer.concat(Array.from({ length: times }, () => bytes.subarray(0, 2_000)));
    const objects = [
      { oids: [oid("11")], type: 2, bytes },
      { oids: [oid("12")], type: 2, bytes: more },
      { oids: [oid("22")], type: 1, bytes: commitOf(oid("11"), [oid("22")], refs) },
    ] as const;
    const files = {
      ".gitignore": ignore,
      "a/.gitignore": ignore,
      "a/b/c": "",
      [`${"d/".repeat(99)}e`]: "",
    };
    const git = { ".git/index": index, ".git/config": config, ".git/packed-refs": refs };
    return { ...head, ...packOf(objects), ...files, ...git };
  });

test("any structure is read or refused within the budget, and never in one block", {
  timeout: 600_000,
}, async () => {
  const property = fc.asyncProperty(anyParts, async (parts) => void (await readAll(parts)));
  await fc.assert(property, { numRuns: draws(100) });
});

test.each([
  ["https://user:p@ss@host.example/x", "https://host.example/x"],
  ["https://user:p/ss@host.example/x", "https://host.example/x"],
  ["https://tok@en@host.example:8443/x@y", "https://host.example:8443/x@y"],
  ["https://host.example/x?private_token=abc#d", "https://host.example/x"],
  ["https://user:p?w@host.example/x", "https://host.example/x"],
  ["foo::https://user:pw@[::1]:80/x", "foo::https://[::1]:80/x"],
  ["git@host.example:a/b.git", "git@host.example:a/b.git"],
  ["https://host.example/a/b.git", "https://host.example/a/b.git"],
])("an address is shown without what signs in: %s", (url, shown) => {
  expect(withoutCredentials(url)).toBe(shown);
});
