import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseIndex } from "#shared/core/git/parse-index";
import { atOnce } from "#shared/core/steps";
import { scanWorkspace } from "../../runner/supervisor/scan-workspace.ts";
import { GitFolder } from "../../test/kit/git-folder.ts";

const names = Array.from({ length: 40 }, (_, index) => `file-${index}`);
const startMs = Date.parse("2026-01-02T03:04:05.000Z");

/** The files whose time in the index isn't the one that a workspace is saved with. */
async function retold(folder: GitFolder): Promise<string[]> {
  const limits = { workspaceBytes: 1e9, known: new Set<string>(), pathsBytesMax: 1e6 };
  const { found } = await scanWorkspace(folder.path, limits);
  const files = folder.files();
  const index = files.file(".git/index");
  if (index === undefined) throw new Error("There is no index.");
  const { entries } = atOnce(parseIndex(await files.whole(index, 1e6), files.budget));
  const saved = new Map(found.map((entry) => [entry.path, entry.modifiedAt]));
  return entries.flatMap(({ path, modifiedAt }) => (saved.get(path) === modifiedAt ? [] : [path]));
}

test("a file's time is the same in a repository's index as in the workspace", async () => {
  using folder = new GitFolder();
  folder.git("init", "--quiet");
  for (const [index, name] of names.entries()) {
    writeFileSync(join(folder.path, name), name);
    // Within a millisecond, as a kernel has it.
    const time = (startMs + index * 25 + (index * 7.3) / 10) / 1_000;
    utimesSync(join(folder.path, name), time, time);
  }
  folder.git("add", "--all");
  expect(await retold(folder)).toEqual([]);
  // A later execution restores whole milliseconds, which a double of seconds doesn't hold exactly.
  for (const [index, name] of names.entries()) {
    const time = new Date(startMs + index * 37);
    utimesSync(join(folder.path, name), time, time);
  }
  folder.git("add", "--all", "--renormalize");
  folder.git("update-index", "--refresh");
  expect(await retold(folder)).toEqual([]);
});
