import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readFile } from "./file-calls.ts";

test.each([
  [999, 999],
  [1_000, 1_000],
  [1_001, 1_001],
  [1_005, 1_001],
])("of a folder of %i names it is known whether all were passed on", (count, said) => {
  const folder = mkdtempSync(join(tmpdir(), "paddock-folder-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (let index = 0; index < count; index += 1) writeFileSync(join(folder, `${index}`), "");
  let names = "";
  const read = readFile(folder, 1_000_000, (piece) => {
    names += Buffer.from(piece).toString();
  });
  expect(read).toEqual({ what: "folder", sizeBytes: said });
  expect(names.split("\n").length - 1).toBe(Math.min(count, 1_000));
});
