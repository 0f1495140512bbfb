/** What git would refuse is refused before an execution is paid for. */
import { expect, test } from "vitest";
import { GitCommitBody, GitFiles } from "#shared/contract/git";
import { type ManifestEntry, manifestOf } from "#shared/core/workspace/manifest";
import { requireFree } from "./reach-remotes.ts";
import { branchInTheWay, hasBranch } from "./read-refs.ts";

test.each([
  ["login", false],
  ["feature/login", true],
  ["main", true],
  ["topic", true],
  ["team/topic", false],
  ["origin/topic", false],
])("a branch is known by its whole name: %s is %s", (name, isKnown) => {
  const oid = "1".repeat(40);
  const refs = ["heads/feature/login", "heads/main", "remotes/team/origin/topic", "tags/v1"];
  const repository = {
    config: new Map([["remote.team/origin.url", "https://git.example/a"]]),
    refs: new Map(refs.map((ref) => [`refs/${ref}`, oid])),
  };
  expect(hasBranch(repository, name)).toBe(isKnown);
});

test.each([
  ["feature/x", "feature"],
  ["feature/x/y", "feature"],
  ["a", "a/b/c"],
  ["a/b", "a/b/c"],
  ["a/b/c", null],
  ["a/b/d", null],
  ["features", null],
  ["team", null],
])("a branch %s is kept from being by %s", (name, other) => {
  const refs = ["heads/feature", "heads/a/b/c", "remotes/origin/team/x", "tags/features/x"];
  const known = { refs: new Map(refs.map((ref) => [`refs/${ref}`, "1".repeat(40)])) };
  expect(branchInTheWay(known, name)).toBe(other);
});

const folder: ManifestEntry = { path: "a", type: "directory", mode: 0o755 };
const link: ManifestEntry = { path: "l", type: "symlink", target: "/tmp" };
const file: ManifestEntry = {
  ...{ path: "a/f", type: "file", sha256: "", sizeBytes: 0, mode: 0o644, modifiedAt: 0, parts: [] },
};

test.each([
  ["", "files in that folder"],
  ["a", "files in that folder"],
  ["a/f", "files in that folder"],
  ["a/f/x", "a file or a link"],
  ["l", "files in that folder"],
  ["l/x", "a file or a link"],
])("a clone has no place at %j", (target, why) => {
  const manifest = manifestOf([folder, file, link]);
  expect(() => requireFree(manifest, target)).toThrow(why);
});

test.each([
  ["in a folder without files", [folder], "a"],
  ["beside a file", [folder, file, link], "a/g"],
  ["beside a link", [folder, file, link], "li"],
])("a clone has a place %s", (_where, entries, target) => {
  expect(() => requireFree(manifestOf(entries), target)).not.toThrow();
});

test("a commit's message holds more than blanks", () => {
  expect(GitCommitBody.safeParse({ message: " \n\t" }).success).toBe(false);
  expect(GitCommitBody.safeParse({ message: " \n#" }).success).toBe(true);
});

test("files and all of them contradict each other", () => {
  expect(GitFiles.safeParse({ files: ["a"], all: true }).success).toBe(false);
  for (const body of [{}, { files: ["a"] }, { files: ["a"], all: false }, { all: true }]) {
    expect(GitFiles.safeParse(body).success).toBe(true);
  }
});
