/** The pure reader of repositories says what real git says, of repositories that real git made. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileStatus } from "../../functions/git/change-list.ts";
import { branchesOf, commitsFrom } from "../../functions/git/read-refs.ts";
import { readStatus } from "../../functions/git/read-status.ts";
import { draws } from "../kit/draws.ts";
import { GitFolder } from "../kit/git-folder.ts";

const names = ["a", "b.txt", "-x", "sp ace", "ü", "d/a", "d/b.txt", "d/e/c", "d/e/a", "f/a", "f.x"];
const anyName = fc.constantFrom(...names);
const patterns = [
  "a",
  "*.txt",
  "/a",
  "d/",
  "d/*",
  "!b.txt",
  "**/a",
  "d/**",
  "e/",
  "[a-c]",
  "?",
  "f/a",
];
const contents = fc.constantFrom("", "one\n", "two\n", "one\r\ntwo\r\n", "three".repeat(900));

type Step =
  | readonly ["write", string, string]
  | readonly ["remove" | "program" | "link" | "add" | "uncache" | "intend" | "nest", string]
  | readonly ["ignore", string, readonly string[]]
  | readonly ["commit" | "addAll" | "pack" | "loosen" | "branch" | "switch" | "merge" | "format4"];

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("write" as const), anyName, contents) },
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constantFrom(
        ...(["remove", "program", "link", "add", "uncache", "intend", "nest"] as const),
      ),
      anyName,
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant("ignore" as const),
      fc.constantFrom(".gitignore", "d/.gitignore", ".git/info/exclude"),
      fc.subarray(patterns, { maxLength: 3 }),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.constantFrom(
        ...(["commit", "addAll", "pack", "loosen"] as const),
        ...(["branch", "switch", "merge", "format4"] as const),
      ),
    ),
  },
);

/** Folders that patterns ignore while the index holds something in them, at each depth. */
const ignoredFolders: Step[][] = [
  [
    ["write", "d/e/a", ""],
    ["write", "d/e/c", ""],
    ["add", "d/e/c"],
    ["ignore", ".gitignore", ["d/*"]],
  ],
  [
    ["write", "d/e/a", ""],
    ["write", "d/b.txt", ""],
    ["add", "d/e/a"],
    ["ignore", ".gitignore", ["d/"]],
  ],
  [
    ["write", "d/e/a", ""],
    ["write", "d/e/c", ""],
    ["add", "d/e/c"],
    ["ignore", "d/.gitignore", ["!d/e/a"]],
    ["ignore", ".git/info/exclude", ["e/"]],
  ],
];

function take(folder: GitFolder, step: Step, number: number): void {
  const at = (path: string) => join(folder.path, path);
  const [what, path = ""] = step;
  const makeRoom = () => {
    for (let up = dirname(path); up !== "."; up = dirname(up)) {
      if (existsSync(at(up)) && !statSync(at(up)).isDirectory()) rmSync(at(up));
    }
    rmSync(at(path), { recursive: true, force: true });
    mkdirSync(dirname(at(path)), { recursive: true });
  };
  const date = `${1_700_000_000 + number} +0000`;
  if (what === "write") {
    makeRoom();
    writeFileSync(at(path), step[2]);
  } else if (what === "ignore") {
    makeRoom();
    writeFileSync(at(path), step[2].join("\n"));
  } else if (what === "link") {
    makeRoom();
    symlinkSync("b.txt", at(path));
  } else if (what === "remove") rmSync(at(path), { recursive: true, force: true });
  else if (what === "program") existsSync(at(path)) && chmodSync(at(path), 0o755);
  else if (what === "add") folder.tryGit("add", "--", path);
  else if (what === "intend") folder.tryGit("add", "--intent-to-add", "--", path);
  else if (what === "uncache") folder.tryGit("rm", "-r", "--cached", "--", path);
  else if (what === "nest")
    folder.tryGit("init", "-q", "--", `nested-${path.replaceAll("/", "-")}`);
  else if (what === "addAll") folder.tryGit("add", "--all");
  else if (what === "pack") folder.tryGit("gc", "-q");
  else if (what === "format4") folder.tryGit("update-index", "--index-version", "4");
  else if (what === "loosen") folder.tryGit("pack-refs", "--all");
  else if (what === "branch") folder.tryGit("branch", `b${number % 3}/x`);
  else if (what === "switch") folder.tryGit("switch", `b${number % 3}/x`);
  else if (what === "merge") folder.tryGit("merge", `b${number % 3}/x`);
  else {
    const dates = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
    try {
      folder.gitWith(dates, "commit", "-q", "-m", `step ${number}\n\nmore`);
    } catch {
      // There was nothing to commit.
    }
  }
}

const words: Readonly<Record<string, FileStatus>> = {
  A: "added",
  M: "modified",
  D: "deleted",
  T: "typechange",
};

/** What `git status` prints, as the reader says it. */
function statusOf(folder: GitFolder) {
  const text = folder.git("status", "--porcelain=v1", "-z", "--no-renames");
  const lists = { staged: [] as string[], unstaged: [] as string[], untracked: [] as string[] };
  for (const line of text.split("\0").filter((part) => part !== "")) {
    const [x = "", y = "", path] = [line[0], line[1], line.slice(3)];
    if (x === "?") lists.untracked.push(`untracked ${path}`);
    else if (/^(?:DD|AU|UD|UA|DU|AA|UU)$/.test(x + y)) {
      lists.staged.push(`unmerged ${path}`);
      lists.unstaged.push(`unmerged ${path}`);
    } else {
      if (x !== " ") lists.staged.push(`${words[x]} ${path}`);
      if (y !== " ") lists.unstaged.push(`${words[y]} ${path}`);
    }
  }
  const sorted = (list: readonly string[]) => [...list].sort();
  return {
    staged: sorted(lists.staged),
    unstaged: sorted([...lists.unstaged, ...lists.untracked]),
  };
}

async function readOf(folder: GitFolder) {
  const state = await readStatus(await folder.open());
  const lines = (files: typeof state.staged) =>
    files.map((one) => `${one.status} ${one.path}`).sort();
  return { staged: lines(state.staged), unstaged: lines(state.unstaged) };
}

async function logOf(folder: GitFolder): Promise<string[]> {
  const repository = await folder.open();
  const log: string[] = [];
  if (repository.head === null) return log;
  for await (const { oid, commit } of commitsFrom(repository, repository.head, 50)) {
    log.push(`${oid} ${commit.author} ${commit.authoredAt / 1_000} ${commit.message}`);
  }
  return log;
}

describe("the reader of repositories", { timeout: 600_000 }, () => {
  test("says of any tree what git status, git log and git branch say", async () => {
    const steps = fc.array(anyStep, { minLength: 1, maxLength: 25 });
    const property = fc.asyncProperty(steps, async (all) => {
      using folder = new GitFolder();
      folder.git("init", "-q", "-b", "main");
      for (const [number, step] of all.entries()) take(folder, step, number);
      expect(await readOf(folder)).toEqual(statusOf(folder));
      const format = "--format=%H %an <%ae> %at %B%x00";
      const log = folder.tryGit("rev-parse", "HEAD") ? folder.git("log", format) : "";
      const logged = log
        .split("\0")
        .map((text) => text.trim())
        .filter((text) => text !== "");
      expect(await logOf(folder)).toEqual(logged);
      const branches = folder.git("for-each-ref", "--format=%(refname:short)", "refs/heads");
      const { local } = await branchesOf(await folder.open());
      expect(local).toEqual(branches.split("\n").filter((name) => name !== ""));
    });
    await fc.assert(property, {
      numRuns: draws(200),
      examples: ignoredFolders.map((steps): [Step[]] => [steps]),
    });
  });
});
