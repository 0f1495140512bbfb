/** Files that none of our tools would make: each affects itself and nothing else. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isLong } from "../../test/kit/shard.ts";
import { pathsOf, WorkspaceExecutions } from "../../test/kit/workspace-executions.ts";
import { scanWorkspace } from "./scan-workspace.ts";

const mib = 1_048_576;
const executions = new WorkspaceExecutions();

describe("WSP-1 one odd file costs itself alone:", () => {
  const keep = (folder: string) => writeFileSync(join(folder, "other"), "kept");

  test.each([
    ["beyond what a date can hold", 8_700_000_000_000, "9999-12-31T23:59:59.999Z"],
    ["beyond what a number can hold", 99_999_999_999_999, "9999-12-31T23:59:59.999Z"],
    ["before the year 1", -99_999_999_999, "0001-01-01T00:00:00.000Z"],
    ["before 1970", -1_500, "1969-12-31T23:35:00.000Z"],
  ])("a time %s", async (_what, seconds, kept) => {
    const saved = await executions.execute({
      run(folder) {
        keep(folder);
        writeFileSync(join(folder, "f"), "x");
        execFileSync("touch", ["-d", `@${seconds}`, join(folder, "f")]);
      },
    });
    expect(pathsOf(saved.manifest)).toEqual(["f", "other"]);
    const told = seconds === -1_500 ? [] : [expect.stringContaining('"f" has a time outside')];
    expect(executions.notes).toEqual(told);
    const { folder, state } = await executions.execute({ base: saved.digest });
    expect(statSync(join(folder, "f")).mtime.toISOString()).toBe(kept);
    expect(state).toBe("unchanged");
  });

  test.each<[string, (folder: string) => void, string]>([
    [
      "a name that is no UTF-8",
      (folder) => writeFileSync(raw(folder, "bad\xff"), ""),
      "isn't valid Unicode",
    ],
    [
      "a folder whose name is none",
      (folder) => mkdirSync(raw(folder, "d\xff")),
      "isn't valid Unicode",
    ],
    [
      "a name with a line in it",
      (folder) => writeFileSync(`${folder}/a\nb`, ""),
      '"a\\nb" holds a control',
    ],
    ["a FIFO", (folder) => execFileSync("mkfifo", [join(folder, "pipe")]), '"pipe" is no file'],
    [
      "a link whose target is no UTF-8",
      (folder) => symlinkSync(Buffer.from("x\xff", "latin1"), join(folder, "l")),
      '"l" is a link to no valid Unicode',
    ],
    ["a path of 1,100 bytes", (folder) => mkdirDeep(folder, 11), "is longer than 1024 bytes"],
  ])("%s is left out by name", async (_what, run, note) => {
    const { manifest, state } = await executions.execute({
      run(folder) {
        keep(folder);
        run(folder);
      },
    });
    expect(state).toBe("saved");
    expect(pathsOf(manifest)).toContain("other");
    expect(executions.notes).toHaveLength(1);
    expect(executions.notes[0]).toContain("Not saved (1): ");
    expect(executions.notes[0]).toContain(note);
  });

  test("a file that can't be read is left out by name, and why", async () => {
    const base = executions.newFolder();
    // In a folder with a path of 3,500 bytes, a path of 1,000 bytes exceeds the kernel's limit.
    const program = `my $name = "n" x 250;
      sub down { mkdir $name or die $!; chdir $name or die $!; }
      down() for 1..14; open(my $file, ">", "other") or die $!; down() for 1..4`;
    execFileSync("perl", ["-e", program], { cwd: base });
    const folder = join(base, ...Array.from({ length: 14 }, () => "n".repeat(250)));
    const limits = { workspaceBytes: mib, known: new Set<string>(), pathsBytesMax: mib };
    const { found, skipped } = await scanWorkspace(folder, limits);
    expect(found.map(({ path }) => path)).toContain("other");
    expect(skipped.count).toBe(1);
    expect(skipped.sentence("Not saved")).toContain("can't be read (ENAMETOOLONG)");
    execFileSync("rm", ["-rf", "--", base]);
  });

  test("a name that looks like a damaged one is kept", async () => {
    const { manifest } = await executions.execute({
      run: (folder) => writeFileSync(join(folder, "\ufffd"), ""),
    });
    expect(pathsOf(manifest)).toEqual(["\ufffd"]);
  });

  test("special permissions are left out, and that is said", async () => {
    const { manifest } = await executions.execute({
      run(folder) {
        mkdirSync(join(folder, "shared"));
        chmodSync(join(folder, "shared"), 0o2775);
      },
    });
    expect(manifest.entries).toMatchObject([{ path: "shared", mode: 0o775 }]);
    expect(executions.notes.join()).toContain('"shared" loses set-uid, set-gid or sticky');
  });

  test("a sparse file too many is left out, and the rest is saved", async () => {
    const { manifest } = await executions.execute({
      run(folder) {
        keep(folder);
        for (const name of ["s1", "s2", "s3"]) {
          writeFileSync(join(folder, name), "");
          truncateSync(join(folder, name), 8 * mib);
        }
      },
      limits: { workspaceBytes: 8 * mib, workspaceInodesMax: 100 },
    });
    expect(pathsOf(manifest)).toEqual(["other", "s1", "s2"]);
    expect(executions.notes).toEqual([expect.stringContaining('"s3" is sparse')]);
  });

  test("remembers a bounded number of skipped paths", async () => {
    const folder = executions.newFolder();
    const deep = `${"d".repeat(100)}/`.repeat(9).slice(0, -1);
    mkdirSync(join(folder, deep), { recursive: true });
    for (let index = 0; index < 50; index += 1) writeFileSync(join(folder, deep, `${index}`), "");
    const known = new Set([`${deep}/48`, `${deep}/49`]);
    const limits = { workspaceBytes: mib, known, pathsBytesMax: 20_000 };
    const { found, skipped } = await scanWorkspace(folder, limits);
    const bytes = found.reduce((sum, { path }) => sum + Buffer.byteLength(path), 0);
    expect(bytes).toBeLessThan(20_000 + 2 * 1_024);
    expect(found.map(({ path }) => path)).toEqual(expect.arrayContaining([...known]));
    // Nine of them are the folders that contain the others.
    expect(skipped.count).toBe(50 + 9 - found.length);
    expect(skipped.sentence("Not saved")).toContain("is beyond 20000 bytes of paths");
  });

  test.runIf(isLong)(
    "more paths than are kept: those that were there before stay, and the rest is named",
    async () => {
      const deep = `${"d".repeat(200)}/`.repeat(5).slice(0, -1);
      const write = (folder: string, prefix: string, count: number) => {
        mkdirSync(join(folder, deep), { recursive: true });
        for (let index = 0; index < count; index += 1) {
          writeFileSync(join(folder, deep, `${prefix}${index}`), "");
        }
      };
      const limits = { workspaceBytes: mib, workspaceInodesMax: 100_000 };
      const first = await executions.execute({ run: (folder) => write(folder, "z", 10), limits });
      const second = await executions.execute({
        base: first.digest,
        run: (folder) => write(folder, "a", 8_500),
        limits,
      });
      const kept = new Set(pathsOf(second.manifest));
      for (const path of pathsOf(first.manifest)) expect(kept).toContain(path);
      expect(kept.size).toBeLessThan(8_500);
      expect(executions.notes.join()).toMatch(/^Not saved \(\d+\): .* and \d+ more\.$/);
      expect((await executions.execute({ base: second.digest, limits })).state).toBe("unchanged");
    },
  );
});

function raw(folder: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, "latin1")]);
}

/** Relative, because no absolute path gets that long. */
function mkdirDeep(folder: string, levels: number): void {
  const script = `for i in $(seq ${levels}); do mkdir ${"n".repeat(100)} && cd ${"n".repeat(100)}; done`;
  execFileSync("sh", ["-c", script], { cwd: folder });
}
