import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isOpenToAll } from "./scratch.ts";

describe("isOpenToAll()", () => {
  let folder = "";
  let file = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "paddock-scratch-"));
    mkdirSync(join(folder, "inner"), { mode: 0o755 });
    file = join(folder, "inner/program");
    writeFileSync(file, "");
    chmodSync(folder, 0o755);
    chmodSync(file, 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("is true of what every uid can reach and read", () => {
    expect(isOpenToAll(file)).toBe(true);
    // The permission to pass through is enough.
    chmodSync(folder, 0o711);
    expect(isOpenToAll(file)).toBe(true);
  });

  test.each<[string, () => string, number]>([
    ["a file of its owner's", () => file, 0o700],
    ["a file that can be run and not read", () => file, 0o711],
    ["a file in a closed folder", () => join(folder, "inner"), 0o700],
    ["a file below a closed folder", () => folder, 0o750],
  ])("is false of %s", (_what, path, mode) => {
    chmodSync(path(), mode);
    expect(isOpenToAll(file)).toBe(false);
  });
});
