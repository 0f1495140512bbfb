/** Repositories that somebody made to lead the reader astray, or that are damaged. */
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GitFault } from "#shared/core/git/git-fault";
import { branchesOf, commitsFrom, hasUnpushed, remoteOf } from "../../functions/git/read-refs.ts";
import { readStatus } from "../../functions/git/read-status.ts";
import { openRepository } from "../../functions/git/repository.ts";
import { draws } from "../kit/draws.ts";
import { GitFolder } from "../kit/git-folder.ts";

function made(): GitFolder {
  const folder = new GitFolder();
  folder.git("init", "-q", "-b", "main");
  writeFileSync(join(folder.path, "a"), "one");
  mkdirSync(join(folder.path, "d"));
  writeFileSync(join(folder.path, "d/b"), "two");
  folder.git("add", "--all");
  folder.git("commit", "-q", "-m", "first");
  return folder;
}

/** Everything that routes read of a repository. */
async function readAll(folder: GitFolder): Promise<string> {
  const repository = await openRepository(folder.files());
  if (typeof repository === "string") return repository;
  const state = await readStatus(repository);
  await hasUnpushed(repository);
  const commits: string[] = [];
  if (repository.head !== null) {
    for await (const { oid } of commitsFrom(repository, repository.head, 50)) commits.push(oid);
  }
  return JSON.stringify([state, await branchesOf(repository), remoteOf(repository), commits]);
}

async function refusalOf(folder: GitFolder): Promise<string> {
  const error: unknown = await readAll(folder).then(
    () => null,
    (thrown) => thrown,
  );
  if (!(error instanceof GitFault)) throw new Error(`no refusal: ${error}`);
  return error.message;
}

describe("GIT-1 a hostile repository", { timeout: 300_000 }, () => {
  test("isn't followed out of its folder by links of any kind", async () => {
    using folder = made();
    const dotGit = join(folder.path, ".git");
    renameSync(dotGit, join(folder.path, "elsewhere"));
    symlinkSync("elsewhere", dotGit);
    expect(await readAll(folder)).toContain("is a link");
    using named = made();
    renameSync(join(named.path, ".git"), join(named.path, "elsewhere"));
    writeFileSync(join(named.path, ".git"), "gitdir: elsewhere\n");
    expect(await readAll(named)).toContain("names one elsewhere");
    using borrowing = made();
    appendFileSync(join(borrowing.path, ".git/objects/info/alternates"), "/etc\n");
    expect(await refusalOf(borrowing)).toContain("borrows objects");
    using refs = made();
    renameSync(join(refs.path, ".git/refs"), join(refs.path, "refs"));
    symlinkSync("../refs", join(refs.path, ".git/refs"));
    expect(JSON.parse(await readAll(refs))[1]).toEqual({ local: [], remote: [] });
  });

  test("can't make the reader include settings or work in another folder", async () => {
    using folder = made();
    writeFileSync(join(folder.path, "more"), "[core]\n\tbare = true\n");
    folder.git("config", "include.path", "../more");
    folder.git("config", "remote.origin.url", "https://me:secret@example.com/a.git");
    expect(JSON.parse(await readAll(folder))[2].url).toBe("https://example.com/a.git");
    folder.git("config", "core.worktree", "/etc");
    expect(await refusalOf(folder)).toContain("core.worktree");
  });

  test.each([
    ["SHA-256", (folder: GitFolder) => folder.git("init", "-q", "--object-format=sha256", ".")],
    [
      "split index",
      (folder: GitFolder) => {
        folder.git("init", "-q", ".");
        writeFileSync(join(folder.path, "a"), "one");
        folder.git("add", "a");
        folder.git("update-index", "--split-index");
      },
    ],
    ["bare", (folder: GitFolder) => folder.git("init", "-q", "--bare", ".git")],
  ])("of another kind is refused by name: %s", async (name, make) => {
    using folder = new GitFolder();
    make(folder);
    expect(await refusalOf(folder)).toContain(name);
  });

  test("is refused where it would take too much", async () => {
    using folder = made();
    truncateSync(join(folder.path, ".git/index"), 17 * 1024 * 1024);
    expect(await refusalOf(folder)).toContain("too large");
    using crowded = made();
    const patterns = Array.from({ length: 2_500 }, (_, index) => `${index}*`);
    writeFileSync(join(crowded.path, ".gitignore"), patterns.join("\n"));
    expect(await refusalOf(crowded)).toContain("too many patterns");
  });

  test("can't hold the reader up with a pattern, a loop of names or a chain of differences", async () => {
    using folder = made();
    writeFileSync(join(folder.path, ".gitignore"), `${"*a".repeat(60)}*b\n${"**/a/".repeat(60)}b`);
    writeFileSync(join(folder.path, "a".repeat(250)), "");
    writeFileSync(join(folder.path, ".git/refs/heads/x"), "ref: refs/heads/y\n");
    writeFileSync(join(folder.path, ".git/refs/heads/y"), "ref: refs/heads/x\n");
    expect(JSON.parse(await readAll(folder))[1]).toEqual({ local: ["main"], remote: [] });

    using deep = new GitFolder();
    deep.git("init", "-q", "-b", "main");
    const files = Array.from({ length: 40 }, (_, index) => `M 100644 inline ${index}\ndata 1\nx\n`);
    const commits = Array.from({ length: 400 }, (_, index) => {
      const text = String(index);
      const changed = `M 100644 inline 0\ndata ${text.length}\n${text}\n`;
      const head = "commit refs/heads/main\ncommitter A <a@example.com> 1 +0000\ndata 1\nx\n";
      return `${head}${index === 0 ? files.join("") : changed}`;
    });
    deep.gitFrom(commits.join(""), "fast-import", "--quiet", "--depth=4000");
    expect(await refusalOf(deep)).toContain("more than 300 differences");
  });

  test("has names that no workspace holds, which are shown as git has them", async () => {
    using folder = made();
    const oid = folder.git("hash-object", "-w", "a").trim();
    for (const name of ["new\nline", "-rf", "--upload-pack=x"]) {
      folder.git("update-index", "--add", "--cacheinfo", `100644,${oid},${name}`);
    }
    const { staged } = await readStatus(await folder.open());
    const paths = ["--upload-pack=x", "-rf", "new\nline"];
    expect(staged).toEqual(paths.map((path) => ({ path, status: "added" })));
  });
});

function filesBelow(path: string): string[] {
  return readdirSync(path).flatMap((name) => {
    const at = join(path, name);
    return lstatSync(at).isDirectory() ? filesBelow(at) : [at];
  });
}

test("a damaged repository is read or refused, and nothing else", {
  timeout: 300_000,
}, async () => {
  using folder = made();
  folder.git("gc", "-q");
  writeFileSync(join(folder.path, "a"), "changed");
  folder.git("add", "a");
  folder.git("commit", "-q", "-m", "second");
  const files = filesBelow(join(folder.path, ".git")).filter((path) => !path.includes("hooks"));
  const change = fc.record({
    path: fc.constantFrom(...files),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ maxLength: 8 }),
    isCut: fc.boolean(),
  });
  const counts = { read: 0, refused: 0 };
  const property = fc.asyncProperty(change, async ({ path, at, bytes, isCut }) => {
    const before = readFileSync(path);
    const place = Math.floor(before.length * at);
    const after = Buffer.concat([
      before.subarray(0, place),
      bytes,
      isCut ? Buffer.alloc(0) : before.subarray(place + bytes.length),
    ]);
    renameSync(path, `${path}.kept`);
    writeFileSync(path, after);
    try {
      const outcome = await readAll(folder).then(
        () => "read" as const,
        (error: unknown) => {
          if (error instanceof GitFault) return "refused" as const;
          throw error;
        },
      );
      counts[outcome] += 1;
    } finally {
      renameSync(`${path}.kept`, path);
    }
  });
  await fc.assert(property, { numRuns: draws(1_000) });
  expect(Math.min(counts.read, counts.refused)).toBeGreaterThan(25);
});
