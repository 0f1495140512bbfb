import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readZip } from "../../test/kit/read-zip.ts";
import type { ArchiveEntry } from "./archive-entry.ts";
import { fileNameOf } from "./archive-names.ts";
import { archivePieces, manifestName, type WrittenArchive } from "./write-archive.ts";

const about = { ownerId: "user_a", madeAt: Date.parse("2026-03-01T12:00:00Z") };
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

async function* from<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

function entryOf(name: string, ...pieces: readonly Buffer[]): ArchiveEntry {
  return { name, pieces: from(pieces) };
}

async function written(entries: AsyncIterable<ArchiveEntry>) {
  const pieces: Buffer[] = [];
  const all: WrittenArchive[] = [];
  for await (const piece of archivePieces(entries, about, (end) => all.push(end))) {
    pieces.push(piece);
  }
  return { bytes: Buffer.concat(pieces), all };
}

describe("DAT-5 an archive", () => {
  test("is read by another program as it was written, with the hashes of its manifest", {
    tags: ["slow"],
  }, async () => {
    const bytes = fc.uint8Array({ maxLength: 5_000 }).map((all) => Buffer.from(all));
    const path = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((text) => {
      return text.isWellFormed() && !/^\.*$|\//.test(text);
    });
    const files = fc.dictionary(path, fc.array(bytes, { maxLength: 3 }), { maxKeys: 8 });
    await fc.assert(
      fc.asyncProperty(files, async (asked) => {
        const named = Object.entries(asked).map(
          ([name, pieces]) => [fileNameOf("env_a", name), pieces] as const,
        );
        const made = await written(from(named.map(([name, all]) => entryOf(name, ...all))));
        expect(made.all).toEqual([{ sizeBytes: made.bytes.length, sha256: sha256(made.bytes) }]);
        const read = await readZip(made.bytes);
        const [first = "", ...rest] = String(read.get(manifestName)).trimEnd().split("\n");
        expect(JSON.parse(first)).toMatchObject({ ownerId: "user_a" });
        expect(rest.map((line) => JSON.parse(line))).toEqual(
          named.map(([name, all]) => {
            const whole = Buffer.concat(all);
            expect(read.get(name)).toEqual(whole);
            return { name, sizeBytes: whole.length, sha256: sha256(whole) };
          }),
        );
        expect(read.size).toBe(named.length + 1);
      }),
      { numRuns: 50 },
    );
  });

  test("has no end if what goes into it can't be read", async () => {
    const entries = async function* () {
      yield entryOf("whole", Buffer.from("whole"));
      const broken = async function* () {
        yield Buffer.from("begun");
        throw new Error("the bucket is gone");
      };
      yield { name: "broken", pieces: broken() };
    };
    await expect(written(entries())).rejects.toThrow("the bucket is gone");
    const none = async function* (): AsyncGenerator<ArchiveEntry> {
      yield entryOf("whole", Buffer.from("whole"));
      throw new Error("the database is gone");
    };
    await expect(written(none())).rejects.toThrow("the database is gone");
  });

  test("reads nothing of an entry before the one before it was taken", async () => {
    const begun: string[] = [];
    const entries = async function* () {
      for (const name of ["a", "b", "c"]) {
        const pieces = async function* () {
          begun.push(name);
          for (let count = 0; count < 40; count += 1) {
            yield Buffer.from(Array.from({ length: 65_536 }, () => Math.random() * 256));
          }
        };
        yield { name, pieces: pieces() };
      }
    };
    const archive = archivePieces(entries(), about, () => undefined);
    for (let bytes = 0; bytes < 1_000_000; ) bytes += (await archive.next()).value?.length ?? 0;
    expect(begun).toEqual(["a"]);
    await archive.return(undefined);
  });
});
