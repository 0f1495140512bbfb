import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesInTurn, filesLeftOut } from "./file-turns.ts";
import { repositoryRoot } from "./repository.ts";

test("every file that has its turn is there, and some commit tries it", () => {
  for (const [project, files] of Object.entries(filesInTurn)) {
    const kept = new Set<string>();
    for (let turn = 1; turn <= 6; turn += 1) {
      const left = filesLeftOut(project, (count) => ({ turn: 1 + (turn % count), of: count }));
      expect(left.length).toBeLessThan(files.length);
      for (const file of files.filter((one) => !left.includes(one))) kept.add(file);
    }
    expect([...kept].toSorted()).toEqual([...files].toSorted());
    for (const file of files) expect(existsSync(join(repositoryRoot, file)), file).toBe(true);
  }
});

test("no file is left out of a project without turns", () => {
  expect(filesLeftOut("money")).toEqual([]);
});
