// @module-tag slow
/** Whatever tree an execution leaves, the next one gets it, or the answer says what is missing. */
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { timeRangeMs } from "#shared/core/workspace/manifest";
import { isLong } from "../../test/kit/shard.ts";
import { KeptWorkspace } from "./kept-workspace.ts";

const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const limits = { workspaceBytes: 32 * 1_048_576, workspaceInodesMax: 1_000 };

/** Names as bytes: some aren't UTF-8, some look like options, some have the greatest length. */
const name = fc
  .oneof(
    fc.constantFrom("a", "a-b", "a.b", "b", "-rf", " ", "...", "back\\slash", "~", "\ufffd", "😀"),
    fc.constantFrom("漢".repeat(85), "n".repeat(255), "new\nline", "\u0085", "x.conflict-00000000"),
    fc.constantFrom("bad\xff", "\xed\xa0\x80").map((text) => Buffer.from(text, "latin1")),
  )
  .map((text) => Buffer.from(text));
/** Where something is created: below existing folders, if there are any. */
const place = fc.array(name, { minLength: 1, maxLength: 3 });
const mode = fc.constantFrom(0o644, 0o755, 0o600, 0o400, 0o000, 0o777, 0o1777, 0o2755, 0o111);
/** Seconds; the file system keeps what it can. */
const time = fc.constantFrom(
  ...[0, -1, -1_500.5, 1.5, 1_700_000_000.123, -62_135_596_800, -62_135_596_801],
  ...[253_402_300_799.999, 253_402_300_800, 8_700_000_000_000, 99_999_999_999_999],
);
const content = fc.oneof(
  fc.constantFrom("", "x", "\0", "same").map((text) => [Buffer.from(text)]),
  fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 300_000 }),
      fc.constantFrom("data", "d".repeat(5_000)).map((text) => Buffer.from(text)),
    ),
    { maxLength: 4 },
  ),
);
const made = fc.oneof(
  fc.record({ kind: fc.constant("folder" as const) }),
  fc.record({ kind: fc.constant("file" as const), content }),
  fc.record({
    kind: fc.constant("link" as const),
    target: fc
      .constantFrom("a", "/etc/passwd", "../../..", "a\nb", "x".repeat(4_095), "bad\xff")
      .map((text) => Buffer.from(text, "latin1")),
  }),
  fc.record({ kind: fc.constant("name" as const) }),
  fc.record({ kind: fc.constant("deep" as const), levels: fc.integer({ min: 1, max: 130 }) }),
);
const tree = fc.array(fc.record({ place, made, mode, time }), { maxLength: 14 });
type Step = typeof tree extends fc.Arbitrary<(infer S)[]> ? S : never;

const below = (folder: Buffer, child: Buffer) => Buffer.concat([folder, Buffer.from("/"), child]);

/** Performs the steps; a step that the file system refuses changes nothing. */
function build(folder: string, steps: readonly Step[]): void {
  const files: Buffer[] = [];
  const attributes: [Buffer, Step][] = [];
  for (const step of steps) {
    const path = step.place.reduce(below, Buffer.from(folder));
    attempt(() => mkdirSync(path.subarray(0, path.lastIndexOf("/")), { recursive: true }));
    attempt(() => {
      make(path, step, files);
      attributes.push([path, step]);
    });
  }
  for (const [path, step] of attributes.reverse()) {
    attempt(() => {
      if (lstatSync(path).isSymbolicLink()) return;
      utimesSync(path, ...timesOf(step.time));
      chmodSync(path, step.mode);
    });
  }
}

function make(path: Buffer, { made: what }: Step, files: Buffer[]): void {
  if (what.kind === "folder") mkdirSync(path);
  if (what.kind === "deep") {
    mkdirSync(Buffer.concat([path, Buffer.from("/d".repeat(what.levels))]), { recursive: true });
  }
  if (what.kind === "link") symlinkSync(what.target, path);
  if (what.kind === "name") linkSync(files.at(-1) ?? path, path);
  if (what.kind !== "file") return;
  writeFileSync(path, "", { flag: "wx" });
  let sizeBytes = 0;
  for (const piece of what.content) {
    if (typeof piece !== "number") writeFileSync(path, piece, { flag: "a" });
    sizeBytes += typeof piece === "number" ? piece : piece.length;
    truncateSync(path, sizeBytes);
  }
  files.push(path);
}

/** A negative number would mean "now", and a date can't express the largest ones. */
function timesOf(seconds: number): [number | Date, number | Date] {
  const at = seconds < 0 ? new Date(seconds * 1_000) : seconds;
  return [at, at];
}

function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

interface Seen {
  readonly type: string;
  readonly mode: number;
  readonly modifiedAt: number;
  readonly content: string;
  /** All names of one file have the same inode. */
  readonly inode: number;
  readonly blocks: number;
}

/** Everything below a folder, by its path as bytes. */
function look(folder: string): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  const walk = (start: string) => {
    const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(start, "latin1")]);
    for (const child of readdirSync(path, { encoding: "buffer" }).sort(Buffer.compare)) {
      const name_ = `${start}${start === "" ? "" : "/"}${child.toString("latin1")}`;
      const target = below(path, child);
      const stats = lstatSync(target);
      seen.set(name_, seenOf(target, stats));
      if (stats.isDirectory()) walk(name_);
    }
  };
  walk("");
  return seen;
}

function seenOf(target: Buffer, stats: Stats): Seen {
  const { first, last } = timeRangeMs;
  const modifiedAt = Math.min(Math.max(Math.round(stats.mtimeMs), first), last);
  const common = { mode: stats.mode & 0o777, modifiedAt, inode: stats.ino, blocks: 0 };
  if (stats.isDirectory()) return { ...common, type: "folder", content: "" };
  if (stats.isSymbolicLink()) {
    const content_ = readlinkSync(target, { encoding: "latin1" });
    return { ...common, type: "link", content: content_ };
  }
  const content_ = readFileSync(target).toString("latin1");
  return { ...common, type: "file", content: content_, blocks: stats.blocks };
}

async function keep(steps: readonly Step[]) {
  const objects = new Map<string, Uint8Array>();
  const storage = {
    putManifest: async (digest: string, body: Uint8Array) => void objects.set(digest, body),
    putPack: async (digest: string, body: Uint8Array) => void objects.set(digest, body),
    manifest: async (digest: string) => objects.get(digest) ?? null,
    pack: async (digest: string) => objects.get(digest) ?? null,
  };
  const notes: string[] = [];
  const reader = { note: (text: string) => void notes.push(text), emit: () => undefined };
  const folders = ["before", "after"].map((part) => mkdtempSync(join(scratch, `paddock-${part}-`)));
  const [before = "", after = ""] = folders;
  const workspace = (manifestSha256: string | null) => {
    const claimed = { manifestSha256, previousManifestSha256: null, limits: limits as never };
    return new KeptWorkspace(storage, claimed, reader);
  };
  try {
    const first = workspace(null);
    await first.fetch();
    await first.fill(before);
    build(before, steps);
    const was = look(before);
    const saved = await first.save(() => Date.now() + 60_000);
    const second = workspace(saved.state === "saved" ? saved.manifestSha256 : null);
    await second.fetch();
    await second.fill(after);
    second.tellWhatIsMissing();
    const is = look(after);
    const again = await second.save(() => Date.now() + 60_000);
    return { was, is, notes: notes.join("\n"), again: again.state };
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether a path, or a folder that it is in, was named as left out. */
function isNamed(notes: string, path: string): boolean {
  const segments = path.split("/");
  return segments.some((_, index) => {
    const shown = Buffer.from(segments.slice(0, index + 1).join("/"), "latin1").toString();
    const cut = shown.length > 200 ? `${shown.slice(0, 200)}…` : shown;
    return notes.includes(`${JSON.stringify(cut.toWellFormed())} `);
  });
}

describe("WSP-2 any tree", () => {
  test("is restored as it was saved, or the answer names what isn't", async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (steps) => {
        const { was, is, notes, again } = await keep(steps);
        for (const [path, seen] of is) {
          const { blocks, inode, ...kept } = seen;
          const { blocks: most = 0, inode: old, ...before } = was.get(path) ?? {};
          const names = [...is.keys()].filter((other) => is.get(other)?.inode === inode);
          const oldNames = [...is.keys()].filter((other) => was.get(other)?.inode === old);
          expect({ path, names, ...kept }).toEqual({
            path,
            names: kept.type === "link" ? [path] : oldNames,
            ...before,
          });
          expect(blocks).toBeLessThanOrEqual(most);
        }
        const gone = [...was.keys()].filter((path) => !is.has(path));
        expect(gone.filter((path) => !isNamed(notes, path))).toEqual([]);
        expect(again).toBe("unchanged");
      }),
      { numRuns: isLong ? 2_000 : 40 },
    );
  });
});
