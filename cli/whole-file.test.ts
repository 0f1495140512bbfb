import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fileBlob } from "./commands/copy-files.ts";
import { writeWhole } from "./whole-file.ts";

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "paddock-whole-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function* content() {
  yield Buffer.from("new");
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

test("a file that is replaced keeps its permissions, and a link leads to it", async () => {
  const folder = newFolder();
  const [file, link] = [join(folder, "file"), join(folder, "link")];
  writeFileSync(file, "old");
  chmodSync(file, 0o600);
  symlinkSync("file", link);
  expect(await writeWhole(link, content())).toBe(3);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, "utf8")).toBe("new");
  expect(modeOf(file)).toBe(0o600);
  expect(readdirSync(folder).sort()).toEqual(["file", "link"]);
});

test("a link to a file that isn't there yet leads to it as well", async () => {
  const folder = newFolder();
  const [file, link, other] = ["file", "link", "other"].map((name) => join(folder, name));
  symlinkSync("file", link ?? "");
  symlinkSync(link ?? "", other ?? "");
  expect(await writeWhole(other ?? "", content())).toBe(3);
  expect(readFileSync(file ?? "", "utf8")).toBe("new");
  expect(readdirSync(folder).sort()).toEqual(["file", "link", "other"]);
  expect(lstatSync(link ?? "").isSymbolicLink()).toBe(true);
});

test("such a link leads to where it would from a folder behind a link, too", async () => {
  const folder = newFolder();
  mkdirSync(join(folder, "real", "deep"), { recursive: true });
  symlinkSync("real/deep", join(folder, "short"));
  symlinkSync("../file", join(folder, "real", "deep", "link"));
  await writeWhole(join(folder, "short", "link"), content());
  expect(readdirSync(folder).sort()).toEqual(["real", "short"]);
  expect(readFileSync(join(folder, "real", "file"), "utf8")).toBe("new");
});

test("what only its owner may read is no more than that, whatever was there", async () => {
  const file = join(newFolder(), "file");
  writeFileSync(file, "old");
  chmodSync(file, 0o644);
  await writeWhole(file, content(), 0o600);
  expect(modeOf(file)).toBe(0o600);
});

test("a pipe is written to, and stays one", async () => {
  const pipe = join(newFolder(), "pipe");
  execFileSync("mkfifo", [pipe]);
  const [read] = await Promise.all([readFile(pipe, "utf8"), writeWhole(pipe, content())]);
  expect(read).toBe("new");
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});

test("a file may have the longest name that there is", async () => {
  const file = join(newFolder(), "n".repeat(255));
  await writeWhole(file, content());
  expect(readFileSync(file, "utf8")).toBe("new");
});

test("what a pipe holds is sent, though a pipe has no size", async () => {
  const pipe = join(newFolder(), "pipe");
  execFileSync("mkfifo", [pipe]);
  const [blob] = await Promise.all([fileBlob(pipe), writeWhole(pipe, content())]);
  expect(await blob.text()).toBe("new");
  expect((await fileBlob("/proc/self/status")).size).toBeGreaterThan(0);
});
