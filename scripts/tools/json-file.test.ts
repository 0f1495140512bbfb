import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readJsonObject } from "./json-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "json-file-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("reads an object", async () => {
  const file = join(folder, "limits.json");
  await writeFile(file, '{"concurrentMax": 2}');
  expect(await readJsonObject("--limits", file)).toEqual({ concurrentMax: 2 });
});

test("names the option and the file that isn't there", async () => {
  const file = join(folder, "limits.json");
  await expect(readJsonObject("--limits", file)).rejects.toThrow(
    `--limits ${file}: there is no file to read there.`,
  );
});

test.each(["{bad", "[1]", "null", "3", ""])("refuses %j in one sentence", async (text) => {
  const file = join(folder, "limits.json");
  await writeFile(file, text);
  await expect(readJsonObject("--limits", file)).rejects.toThrow(
    `--limits ${file}: what is in it isn't a JSON object.`,
  );
});
