/** A workspace out and in again is the same workspace. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pageBytes } from "#shared/core/footprint";
import { type Manifest, manifestOf } from "#shared/core/manifest";
import { manifestBytes, manifestDigest, parseManifest } from "#shared/core/manifest-bytes";
import type { Item } from "#shared/protocol/runner";
import { isLong } from "../../test/kit/share.ts";
import { KeptWorkspace } from "./kept-workspace.ts";
import { scanWorkspace } from "./scan-workspace.ts";

/** A file system in memory, as workspaces are, keeps every time and every hole. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const mib = 1_048_576;
const roomy = { workspaceBytes: 64 * mib, workspaceInodesMax: 1_000 };

let folders: string[] = [];
let objects = new Map<string, Uint8Array>();
let notes: string[] = [];
let items: Item[] = [];

const storage = {
  putManifest: async (digest: string, body: Uint8Array) => void objects.set(digest, body),
  putPack: async (digest: string, body: Uint8Array) => void objects.set(digest, body),
  manifest: async (digest: string) => objects.get(digest) ?? null,
  pack: async (digest: string) => objects.get(digest) ?? null,
};
const reader = {
  note: (text: string) => void notes.push(text),
  emit: (item: Item) => void items.push(item),
};

beforeEach(() => {
  folders = [];
  objects = new Map();
  notes = [];
  items = [];
});
afterEach(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(scratch, "paddock-workspace-"));
  folders.push(folder);
  return folder;
}

interface Execution {
  readonly base?: string | null;
  readonly previous?: string | null;
  readonly limits?: typeof roomy;
  readonly run?: (folder: string) => void;
}

/** One execution on the workspace: in, what it does, and out. Returns the newest manifest. */
async function execute({ base = null, previous = null, limits = roomy, run }: Execution) {
  const claimed = { manifestSha256: base, previousManifestSha256: previous };
  const workspace = new KeptWorkspace(storage, { ...claimed, limits: limits as never }, reader);
  const folder = newFolder();
  await workspace.fetch();
  await workspace.fill(folder);
  workspace.tellWhatIsMissing();
  run?.(folder);
  const saved = await workspace.save(() => Date.now() + 5_000);
  const digest = saved.state === "saved" ? saved.manifestSha256 : base;
  const bytes = digest === null ? undefined : objects.get(digest);
  const manifest = bytes === undefined ? manifestOf([]) : parseManifest(bytes);
  return { folder, digest, manifest, state: saved.state };
}

const paths = ({ entries }: Manifest) => entries.map(({ path }) => path);

describe("a workspace", () => {
  test("comes back as it went: contents, modes, links, empty folders", async () => {
    const saved = await execute({
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
    // Two packs and the manifest: 30 MB fit no pack whole, the rest has room beside them.
    expect(objects.size).toBe(3);
    const again = await execute({ base: saved.digest });
    expect(again.state).toBe("unchanged");
    const at = (path: string) => join(again.folder, path);
    expect(readFileSync(at("a/copy"), "utf8")).toBe("content");
    expect(readlinkSync(at("link"))).toBe("a/b/file");
    expect(statSync(at("run")).mode & 0o777).toBe(0o755);
    expect(readFileSync(at("large")).equals(Buffer.alloc(30 * mib, "x"))).toBe(true);
    expect(notes).toEqual([]);
  });

  test("sends only new bytes; a renamed file is no new bytes", async () => {
    const write = (name: string) => (folder: string) => writeFileSync(join(folder, name), "same");
    const first = await execute({ run: write("a") });
    const before = objects.size;
    const second = await execute({
      base: first.digest,
      run(folder) {
        write("b")(folder);
        rmSync(join(folder, "a"));
      },
    });
    expect(second.state).toBe("saved");
    expect(objects.size).toBe(before + 1);
  });

  test("is read though its owner locked it away", async () => {
    const { manifest } = await execute({
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
    const saved = await execute({
      run: (folder) =>
        targets.map((target, index) => symlinkSync(target, join(folder, `${index}`))),
    });
    const { folder } = await execute({ base: saved.digest });
    expect(targets.map((_, index) => readlinkSync(join(folder, `${index}`)))).toEqual(targets);
    expect(notes).toEqual([]);
  });

  test("folders keep their permissions and times, whatever is written into them", async () => {
    const time = new Date("2001-02-03T04:05:06.789Z");
    const saved = await execute({
      run(folder) {
        mkdirSync(join(folder, "closed/inner"), { recursive: true });
        writeFileSync(join(folder, "closed/inner/key"), "k");
        utimesSync(join(folder, "closed/inner"), time, time);
        chmodSync(join(folder, "closed/inner"), 0o500);
        utimesSync(join(folder, "closed"), time, time);
        chmodSync(join(folder, "closed"), 0o700);
      },
    });
    const { folder, state } = await execute({ base: saved.digest });
    for (const [path, mode] of [
      ["closed", 0o700],
      ["closed/inner", 0o500],
    ] as const) {
      const stats = statSync(join(folder, path));
      // Saving it has had to open it again.
      expect({ path, mtime: stats.mtime }).toEqual({ path, mtime: time });
      expect(stats.mode & 0o077).toBe(mode & 0o077);
    }
    expect(state).toBe("unchanged");
  });

  test("a file with two names is one file with two names", async () => {
    const saved = await execute({
      run(folder) {
        writeFileSync(join(folder, "a"), Buffer.alloc(2 * pageBytes, "x"));
        linkSync(join(folder, "a"), join(folder, "b"));
      },
      limits: { workspaceBytes: 2 * pageBytes, workspaceInodesMax: 3 },
    });
    const { folder } = await execute({
      base: saved.digest,
      limits: { workspaceBytes: 2 * pageBytes, workspaceInodesMax: 3 },
    });
    expect(notes).toEqual([]);
    expect(lstatSync(join(folder, "a")).ino).toBe(lstatSync(join(folder, "b")).ino);
  });

  test("sparse files stay sparse, and no hole is stored", async () => {
    const saved = await execute({
      run(folder) {
        for (const name of ["s1", "s2"]) writeFileSync(join(folder, name), "");
        truncateSync(join(folder, "s1"), 40 * mib);
        truncateSync(join(folder, "s2"), 40 * mib);
        writeFileSync(join(folder, "s2"), "begin", { flag: "r+" });
        writeFileSync(join(folder, "s3"), "end");
        truncateSync(join(folder, "s3"), 20 * mib + 1);
      },
      // Of the files' 100 MiB it needs two pages.
      limits: { workspaceBytes: 60 * mib, workspaceInodesMax: 10 },
    });
    expect(notes).toEqual([]);
    const storedBytes = [...objects.values()].reduce((sum, { length }) => sum + length, 0);
    expect(storedBytes).toBeLessThan(20_000);
    const small = { workspaceBytes: 60 * mib, workspaceInodesMax: 10 };
    const { folder, state } = await execute({ base: saved.digest, limits: small });
    expect(state).toBe("unchanged");
    expect(lstatSync(join(folder, "s1"))).toMatchObject({ size: 40 * mib, blocks: 0 });
    expect(lstatSync(join(folder, "s2"))).toMatchObject({ size: 40 * mib, blocks: 8 });
    expect(readFileSync(join(folder, "s2")).subarray(0, 6).toString()).toBe("begin\0");
    expect(readFileSync(join(folder, "s3")).length).toBe(20 * mib + 1);
  });

  test("a virtual environment works in the next execution", async () => {
    const saved = await execute({
      run: (folder) => {
        mkdirSync(join(folder, ".venv/bin"), { recursive: true });
        symlinkSync(process.execPath, join(folder, ".venv/bin/node"));
        symlinkSync("node", join(folder, ".venv/bin/node24"));
      },
    });
    const { folder } = await execute({ base: saved.digest });
    const version = execFileSync(join(folder, ".venv/bin/node24"), ["-p", "6*7"]).toString();
    expect(version).toBe("42\n");
  });
});

describe("WSP-1 one odd file costs itself alone:", () => {
  const keep = (folder: string) => writeFileSync(join(folder, "other"), "kept");

  test.each([
    ["beyond what a date can hold", 8_700_000_000_000, "9999-12-31T23:59:59.999Z"],
    ["beyond what a number can hold", 99_999_999_999_999, "9999-12-31T23:59:59.999Z"],
    ["before the year 1", -99_999_999_999, "0001-01-01T00:00:00.000Z"],
    ["before 1970", -1_500, "1969-12-31T23:35:00.000Z"],
  ])("a time %s", async (_what, seconds, kept) => {
    const saved = await execute({
      run(folder) {
        keep(folder);
        writeFileSync(join(folder, "f"), "x");
        execFileSync("touch", ["-d", `@${seconds}`, join(folder, "f")]);
      },
    });
    expect(paths(saved.manifest)).toEqual(["f", "other"]);
    const told = seconds === -1_500 ? [] : [expect.stringContaining('"f" has a time outside')];
    expect(notes).toEqual(told);
    const { folder, state } = await execute({ base: saved.digest });
    expect(statSync(join(folder, "f")).mtime.toISOString()).toBe(kept);
    expect(state).toBe("unchanged");
  });

  test.each<[string, (folder: string) => void, string]>([
    [
      "a name that is no UTF-8",
      (at) => writeFileSync(raw(at, "bad\xff"), ""),
      "isn't valid Unicode",
    ],
    ["a folder whose name is none", (at) => mkdirSync(raw(at, "d\xff")), "isn't valid Unicode"],
    [
      "a name with a line in it",
      (at) => writeFileSync(`${at}/a\nb`, ""),
      '"a\\nb" holds a control',
    ],
    ["a FIFO", (at) => execFileSync("mkfifo", [join(at, "pipe")]), '"pipe" is no file'],
    [
      "a link whose target is no UTF-8",
      (at) => symlinkSync(Buffer.from("x\xff", "latin1"), join(at, "l")),
      '"l" is a link to no valid Unicode',
    ],
    ["a path of 1,100 bytes", (at) => mkdirDeep(at, 11), "is longer than 1024 bytes"],
  ])("%s is left out by name", async (_what, run, note) => {
    const { manifest, state } = await execute({
      run(folder) {
        keep(folder);
        run(folder);
      },
    });
    expect(state).toBe("saved");
    expect(paths(manifest)).toContain("other");
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain("Not saved (1): ");
    expect(notes[0]).toContain(note);
  });

  test("a name that looks like a damaged one is kept", async () => {
    const { manifest } = await execute({ run: (at) => writeFileSync(join(at, "\ufffd"), "") });
    expect(paths(manifest)).toEqual(["\ufffd"]);
  });

  test("special permissions are left out, and that is said", async () => {
    const { manifest } = await execute({
      run(folder) {
        mkdirSync(join(folder, "shared"));
        chmodSync(join(folder, "shared"), 0o2775);
      },
    });
    expect(manifest.entries).toMatchObject([{ path: "shared", mode: 0o775 }]);
    expect(notes.join()).toContain('"shared" loses set-uid, set-gid or sticky');
  });

  test("a sparse file too many is left out, and the rest is saved", async () => {
    const { manifest } = await execute({
      run(folder) {
        keep(folder);
        for (const name of ["s1", "s2", "s3"]) {
          writeFileSync(join(folder, name), "");
          truncateSync(join(folder, name), 8 * mib);
        }
      },
      limits: { workspaceBytes: 8 * mib, workspaceInodesMax: 100 },
    });
    expect(paths(manifest)).toEqual(["other", "s1", "s2"]);
    expect(notes).toEqual([expect.stringContaining('"s3" is sparse')]);
  });

  test("of more paths than are kept, only so many are remembered", async () => {
    const folder = newFolder();
    const deep = `${"d".repeat(100)}/`.repeat(9).slice(0, -1);
    mkdirSync(join(folder, deep), { recursive: true });
    for (let index = 0; index < 50; index += 1) writeFileSync(join(folder, deep, `${index}`), "");
    const known = new Set([`${deep}/48`, `${deep}/49`]);
    const limits = { workspaceBytes: mib, known, pathsBytesMax: 20_000 };
    const { found, skipped } = await scanWorkspace(folder, limits);
    const bytes = found.reduce((sum, { path }) => sum + Buffer.byteLength(path), 0);
    expect(bytes).toBeLessThan(20_000 + 2 * 1_024);
    expect(found.map(({ path }) => path)).toEqual(expect.arrayContaining([...known]));
    // The folders it lies in are nine.
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
      const first = await execute({ run: (folder) => write(folder, "z", 10), limits });
      const second = await execute({
        base: first.digest,
        run: (folder) => write(folder, "a", 8_500),
        limits,
      });
      const kept = new Set(paths(second.manifest));
      for (const path of paths(first.manifest)) expect(kept).toContain(path);
      expect(kept.size).toBeLessThan(8_500);
      expect(notes.join()).toMatch(/^Not saved \(\d+\): .* and \d+ more\.$/);
      expect((await execute({ base: second.digest, limits })).state).toBe("unchanged");
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

describe("WSP-1 what can't be brought in", () => {
  const write = (names: readonly string[]) => (folder: string) => {
    for (const name of names) writeFileSync(join(folder, name), Buffer.alloc(2 * pageBytes, name));
  };
  const small = { workspaceBytes: 4 * pageBytes, workspaceInodesMax: 100 };

  test("for want of room is named, and stays in the workspace", async () => {
    const first = await execute({ run: write(["a", "b", "c"]) });
    const second = await execute({ base: first.digest, limits: small });
    expect(existsSync(join(second.folder, "c"))).toBe(false);
    expect(notes).toEqual(['Not brought in, and kept as it is (1): "c" has no room here.']);
    expect(second.state).toBe("unchanged");
    const third = await execute({
      base: first.digest,
      limits: small,
      run: (folder) => rmSync(join(folder, "a")),
    });
    expect(paths(third.manifest)).toEqual(["b", "c"]);
    const fourth = await execute({ base: third.digest });
    expect(readFileSync(join(fourth.folder, "c")).equals(Buffer.alloc(2 * pageBytes, "c"))).toBe(
      true,
    );
  });

  test("isn't overwritten by what takes its path meanwhile", async () => {
    const first = await execute({ run: write(["a", "b", "c"]) });
    const { digest } = await execute({
      base: first.digest,
      limits: small,
      run(folder) {
        rmSync(join(folder, "b"));
        writeFileSync(join(folder, "c"), "new");
      },
    });
    const { folder, manifest } = await execute({ base: digest });
    const contents = paths(manifest).map((path) => readFileSync(join(folder, path), "latin1"));
    expect(contents).toContain("new");
    expect(contents).toContain("c".repeat(2 * pageBytes));
  });

  test("because its bytes are lost costs that file alone", async () => {
    const first = await execute({ run: write(["a"]) });
    const second = await execute({ base: first.digest, run: write(["b"]) });
    const pack = second.manifest.entries.flatMap((entry) =>
      entry.path === "a" && entry.type === "file" ? entry.parts.map((part) => part.pack) : [],
    );
    objects.delete(pack[0] ?? "");
    const { folder, state } = await execute({ base: second.digest });
    expect(existsSync(join(folder, "b"))).toBe(true);
    expect(notes.join()).toContain('"a" has lost some of its bytes in storage');
    expect(state).toBe("unchanged");
  });

  test("because its pack is too short costs that file alone", async () => {
    const sha256 = "a".repeat(64);
    const [pack, short] = [manifestDigest(Buffer.from("abc")), Buffer.from("abc")];
    objects.set(pack, short);
    const parts = [{ pack, offsetBytes: 1, sizeBytes: 3 }];
    const file = { type: "file", sha256, sizeBytes: 3, mode: 0o644, modifiedAt: 0, parts } as const;
    const bytes = manifestBytes(manifestOf([{ ...file, path: "f" }]));
    objects.set("base", bytes);
    const { folder } = await execute({ base: "base" });
    expect(existsSync(join(folder, "f"))).toBe(false);
    expect(notes.join()).toContain('"f" reaches beyond its pack');
  });

  test("because the manifest can't be read is taken from the one before it", async () => {
    const first = await execute({ run: write(["a"]) });
    objects.set("broken", Buffer.from('{"v":2}\n{"path":'));
    for (const broken of ["broken", "missing"]) {
      notes = [];
      const { folder, state, manifest } = await execute({ base: broken, previous: first.digest });
      expect(existsSync(join(folder, "a"))).toBe(true);
      expect(notes.join()).toContain("the one before it");
      expect(state).toBe("saved");
      expect(paths(manifest)).toEqual(["a"]);
    }
  });
});
