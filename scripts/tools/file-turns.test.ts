import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesInTurn, filesLeftOut } from "./file-turns.ts";
import { repositoryRoot } from "./repository.ts";
import { shareOfCommit } from "./shard.ts";

const commits = Array.from({ length: 400 }, (_unused, index) => `commit ${index}`);

test("every file that has its turn is there, and is tried by one commit in two to four", () => {
  for (const [project, files] of Object.entries(filesInTurn)) {
    const left = commits.map((commit) => filesLeftOut(project, commit));
    for (const file of files) {
      const tried = left.filter((names) => !names.includes(file)).length;
      expect(tried, file).toBeGreaterThan(commits.length / 5);
      expect(tried, file).toBeLessThan((commits.length * 3) / 5);
      expect(existsSync(join(repositoryRoot, file)), file).toBe(true);
    }
  }
});

test("every file meets every row of a table that it shares out", () => {
  for (const [project, files] of Object.entries(filesInTurn)) {
    for (const rows of [2, 3, 4, 8]) {
      const met = new Set(
        commits.flatMap((commit) => {
          const left = filesLeftOut(project, commit);
          const { turn } = shareOfCommit(rows, commit);
          return files.filter((file) => !left.includes(file)).map((file) => `${file} ${turn}`);
        }),
      );
      expect(met.size, `${project}, ${rows}`).toBe(files.length * rows);
    }
  }
});

test("no file is left out of a project without turns", () => {
  expect(filesLeftOut("sandbox")).toEqual([]);
});
