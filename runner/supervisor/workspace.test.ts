/** A workspace is the same after it is saved and restored. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pageBytes } from "#shared/core/workspace/footprint";
import { WorkspaceExecutions } from "../../test/kit/workspace-executions.ts";

const mib = 1_048_576;
const executions = new WorkspaceExecutions();

describe("a workspace", () => {
  test("is restored as it was saved: contents, modes, links, empty folders", async () => {
    const saved = await executions.execute({
      run(folder) {
        mkdirSync(join(folder, "a/b"), { recursive: true });
        writeFileSync(join(folder, "a/b/file"), "content");
        writeFileSync(join(folder, "a/copy"), "content");
        writeFileSync(join(folder, "empty"), "");
        writeFileSync(join(folder, "run"), "#!/bin/sh\n", { mode: 0o755 });
        symlinkSync("a/b/file", join(folder, "link"));
        writeFileSync(join(folder, "large"), Buffer.alloc(30 * mib, "x"));
      },
    });
    // Two packs and the manifest: the file of 30 MB exceeds a pack, and the rest fits into its
    // second one.
    expect(executions.objects.size).toBe(3);
    const again = await executions.execute({ base: saved.digest });
    expect(again.state).toBe("unchanged");
    const at = (path: string) => join(again.folder, path);
    expect(readFileSync(at("a/copy"), "utf8")).toBe("content");
    expect(readlinkSync(at("link"))).toBe("a/b/file");
    expect(statSync(at("run")).mode & 0o777).toBe(0o755);
    expect(readFileSync(at("large")).equals(Buffer.alloc(30 * mib, "x"))).toBe(true);
    expect(executions.notes).toEqual([]);
  });

  test("sends only new bytes; a renamed file is no new bytes", async () => {
    const write = (name: string) => (folder: string) => writeFileSync(join(folder, name), "same");
    const first = await executions.execute({ run: write("a") });
    const before = executions.objects.size;
    const second = await executions.execute({
      base: first.digest,
      run(folder) {
        write("b")(folder);
        rmSync(join(folder, "a"));
      },
    });
    expect(second.state).toBe("saved");
    expect(executions.objects.size).toBe(before + 1);
  });

  test("is saved even if its permissions forbid reading", async () => {
    const { manifest } = await executions.execute({
      run(folder) {
        mkdirSync(join(folder, "locked"));
        writeFileSync(join(folder, "locked/file"), "x");
        chmodSync(join(folder, "locked/file"), 0);
        chmodSync(join(folder, "locked"), 0);
      },
    });
    expect(manifest.entries).toMatchObject([
      { path: "locked", mode: 0 },
      { path: "locked/file", mode: 0, sizeBytes: 1 },
    ]);
  });
});

describe("WSP-2 the restored tree is the saved tree:", () => {
  test("links lead where they led, within the workspace or not", async () => {
    const targets = ["/usr/bin/python3", "../../out", "missing", "./x/../y", "x".repeat(4_000)];
    const saved = await executions.execute({
      run: (folder) =>
        targets.map((target, index) => symlinkSync(target, join(folder, `${index}`))),
    });
    const { folder } = await executions.execute({ base: saved.digest });
    expect(targets.map((_, index) => readlinkSync(join(folder, `${index}`)))).toEqual(targets);
    expect(executions.notes).toEqual([]);
  });

  test("folders keep their permissions and times, whatever is written into them", async () => {
    const time = new Date("2001-02-03T04:05:06.789Z");
    const saved = await executions.execute({
      run(folder) {
        mkdirSync(join(folder, "closed/inner"), { recursive: true });
        writeFileSync(join(folder, "closed/inner/key"), "k");
        symlinkSync("key", join(folder, "closed/inner/link"));
        utimesSync(join(folder, "closed/inner"), time, time);
        chmodSync(join(folder, "closed/inner"), 0o500);
        utimesSync(join(folder, "closed"), time, time);
        chmodSync(join(folder, "closed"), 0o700);
      },
    });
    const { folder, state } = await executions.execute({ base: saved.digest });
    for (const [path, mode] of [
      ["closed", 0o700],
      ["closed/inner", 0o500],
    ] as const) {
      const stats = statSync(join(folder, path));
      // Saving it had to open it again.
      expect({ path, mtime: stats.mtime }).toEqual({ path, mtime: time });
      expect(stats.mode & 0o077).toBe(mode & 0o077);
    }
    expect(state).toBe("unchanged");
  });

  test("a file with two names is one file with two names", async () => {
    const saved = await executions.execute({
      run(folder) {
        writeFileSync(join(folder, "a"), Buffer.alloc(2 * pageBytes, "x"));
        linkSync(join(folder, "a"), join(folder, "b"));
      },
      limits: { workspaceBytes: 2 * pageBytes, workspaceInodesMax: 3 },
    });
    const { folder } = await executions.execute({
      base: saved.digest,
      limits: { workspaceBytes: 2 * pageBytes, workspaceInodesMax: 3 },
    });
    expect(executions.notes).toEqual([]);
    expect(lstatSync(join(folder, "a")).ino).toBe(lstatSync(join(folder, "b")).ino);
  });

  test("sparse files stay sparse, and no hole is stored", async () => {
    const saved = await executions.execute({
      run(folder) {
        for (const name of ["s1", "s2"]) writeFileSync(join(folder, name), "");
        truncateSync(join(folder, "s1"), 40 * mib);
        truncateSync(join(folder, "s2"), 40 * mib);
        writeFileSync(join(folder, "s2"), "begin", { flag: "r+" });
        writeFileSync(join(folder, "s3"), "end");
        truncateSync(join(folder, "s3"), 20 * mib + 1);
      },
      // The files' 100 MiB are sparse and need two pages.
      limits: { workspaceBytes: 60 * mib, workspaceInodesMax: 10 },
    });
    expect(executions.notes).toEqual([]);
    const storedBytes = [...executions.objects.values()].reduce(
      (sum, { length }) => sum + length,
      0,
    );
    expect(storedBytes).toBeLessThan(20_000);
    const small = { workspaceBytes: 60 * mib, workspaceInodesMax: 10 };
    const { folder, state } = await executions.execute({ base: saved.digest, limits: small });
    expect(state).toBe("unchanged");
    expect(lstatSync(join(folder, "s1"))).toMatchObject({ size: 40 * mib, blocks: 0 });
    expect(lstatSync(join(folder, "s2"))).toMatchObject({ size: 40 * mib, blocks: 8 });
    expect(readFileSync(join(folder, "s2")).subarray(0, 6).toString()).toBe("begin\0");
    expect(readFileSync(join(folder, "s3")).length).toBe(20 * mib + 1);
  });

  test("a virtual environment works in the next execution", async () => {
    const saved = await executions.execute({
      run: (folder) => {
        mkdirSync(join(folder, ".venv/bin"), { recursive: true });
        symlinkSync(process.execPath, join(folder, ".venv/bin/node"));
        symlinkSync("node", join(folder, ".venv/bin/node24"));
      },
    });
    const { folder } = await executions.execute({ base: saved.digest });
    const version = execFileSync(join(folder, ".venv/bin/node24"), [
      "-p",
      "String(6*7)",
    ]).toString();
    expect(version).toBe("42\n");
  });
});
