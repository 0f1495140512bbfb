import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatNoteKey } from "#shared/core/audit/signed-note";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { temporaryFolder } from "../scripts/tools/temporary-folder.ts";
import { exportLines, makeKey, ownerId } from "../test/kit/audit-export.ts";
import { draws } from "../test/kit/draws.ts";
import { readLines } from "./read-lines.ts";
import { verifyExport } from "./verify-export.ts";
import { ExportFault, parseJson, type TrustedKeys } from "./verify-header.ts";

const log = makeKey("example.com/log");
const keys: TrustedKeys = { logs: [log.key], witnesses: [] };
const size = 600;
const lines = exportLines(size, log);
/** The line that has the entry of this number, from 1: after the header and the tiles' lines. */
const lineOf = (entry: number) => entry + Math.ceil(entry / 256);

async function verdict(given: readonly Buffer[], trusted = keys): Promise<string> {
  const chunks = given.flatMap((line) => [line, Buffer.from("\n")]);
  try {
    const { header } = await verifyExport(() => readLines(asStream(chunks)), trusted);
    return `${header.head.size} are right`;
  } catch (error) {
    if (error instanceof ExportFault) return error.message;
    throw error;
  }
}

async function* asStream(chunks: readonly Buffer[]) {
  yield* chunks;
}

function edited(line: Buffer | undefined, find: string, replace: string): Buffer {
  const text = line?.toString() ?? "";
  expect(text).toContain(find);
  return Buffer.from(text.replace(find, replace));
}

const moved = (from: number, to: number) => {
  const [line] = lines.slice(from, from + 1);
  return line ? lines.toSpliced(from, 1).toSpliced(to, 0, line) : [];
};
const copied = (from: number, to: number) => lines.toSpliced(to, 0, ...lines.slice(from, from + 1));

describe("AUD-5: an export", () => {
  test.each([1, 255, 256, 257, 512, 600])("of %i entries is verified", async (entries) => {
    expect(await verdict(exportLines(entries, log))).toBe(`${entries} are right`);
  });

  test.each([
    ["lists in the place of hashes", `{"tiles":[${"[],".repeat(400_000)}[]]}`],
    ["numbers in the place of hashes", `{"tiles":[${"1,".repeat(400_000)}1]}`],
    ["lists in lists", "[".repeat(400_000)],
  ])("is refused in one sentence if it has %s", async (_what, line) => {
    expect(await verdict([Buffer.from(line)])).toBe("Line 1 isn't the header of an audit export.");
  });

  test("isn't even parsed where a line has more lists than any line of a trail", () => {
    const withLists = (count: number) => Buffer.from(`[${Array(count).fill("[]").join(",")}]`);
    expect(parseJson(withLists(900))).toHaveLength(900);
    expect(parseJson(withLists(1_100))).toBeUndefined();
  });

  test("names the first entry that was edited", async () => {
    const line = lineOf(300);
    const changed = lines
      .with(line, edited(lines[line], '"count":299', '"count":1'))
      .with(line + 9, Buffer.from("{}"));
    expect(await verdict(changed)).toBe("Entry 300 of 600 (aud_000000000000000000299) was edited.");
  });

  test("finds an entry that was only written in another way", async () => {
    const line = lineOf(5);
    const changed = lines.with(line, edited(lines[line], '{"action"', '{ "action"'));
    expect(await verdict(changed)).toBe("Entry 5 of 600 (aud_000000000000000000004) was edited.");
  });

  test.each([1, 256, 257])("names entry %i, which is missing", async (entry) => {
    const without = lines.toSpliced(lineOf(entry), 1);
    expect(await verdict(without)).toBe(`Entry ${entry} of 600 is missing.`);
  });

  test.each([
    { entry: 3, after: 20 },
    { entry: 256, after: 258 },
    { entry: 100, after: 600 },
  ])("names entry $entry, which was moved behind entry $after", async ({ entry, after }) => {
    expect(await verdict(moved(lineOf(entry), lineOf(after)))).toBe(
      `Entry ${entry} of 600 isn't in its place; it comes later.`,
    );
  });

  test.each([
    { entry: 7, before: 8 },
    { entry: 256, before: 258 },
    { entry: 7, before: 600 },
  ])("names the copy of entry $entry before entry $before", async ({ entry, before }) => {
    const line = lineOf(before);
    expect(await verdict(copied(lineOf(entry), line))).toBe(
      `Line ${line + 1} is a duplicate of entry ${entry} of 600.`,
    );
  });

  test("names a copy that replaces an entry, follows a tile or ends the file", async () => {
    const replaced = lines.with(lineOf(9), lines[lineOf(8)] ?? Buffer.alloc(0));
    expect(await verdict(replaced)).toBe("Line 11 is a duplicate of entry 8 of 600.");
    const afterTile = copied(lineOf(256), lineOf(256) + 1);
    expect(await verdict(afterTile)).toBe("Line 259 is a duplicate of entry 256 of 600.");
    const atEnd = copied(lineOf(600), lines.length);
    expect(await verdict(atEnd)).toBe("Line 605 is a duplicate of entry 600 of 600.");
  });

  test.each([1, 256, 257, 600])("says that it is cut off from entry %i on", async (entry) => {
    expect(await verdict(lines.slice(0, lineOf(entry)))).toBe(
      `The file is cut off: entry ${entry} of 600 and all later ones are missing.`,
    );
  });

  test("names a foreign line that was added", async () => {
    const foreign = Buffer.from('{"id":"aud_foreign"}');
    expect(await verdict(lines.toSpliced(lineOf(40), 0, foreign))).toBe(
      "Line 42 was added before entry 40 of 600.",
    );
    expect(await verdict([...lines, foreign])).toBe("Line 605 was added after the last entry.");
  });

  test("is refused if the hashes of a tile were changed with its rows", async () => {
    const other = exportLines(size, log).map((line) =>
      Buffer.from(line.toString().replace('"count":1,', '"count":2,')),
    );
    const tile = Buffer.from(JSON.stringify({ leaves: Array(256).fill("0".repeat(64)) }));
    expect(await verdict(other.with(1, tile))).toBe(
      "Line 2 should have the hashes of the rows from entry 1 of 600 on.",
    );
  });

  test("is refused whatever bytes of it change", async () => {
    const short = exportLines(3, log);
    const whole = Buffer.concat(short.flatMap((line) => [line, Buffer.from("\n")]));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 2),
        fc.integer({ min: 1, max: 255 }),
        async (place, mask) => {
          const changed = Buffer.from(whole);
          changed.writeUInt8(changed.readUInt8(place) ^ mask, place);
          const open = () => readLines(asStream([changed]));
          // Another name of the same JSON field would be one thing; another meaning is another.
          await expect(verifyExport(open, keys)).rejects.toThrow(ExportFault);
        },
      ),
      { numRuns: draws(300) },
    );
  });
});

test("a line that comes in pieces is read as one", async () => {
  const pieces = ["a", "b\nc", "\n\nd"].map((text) => Buffer.from(text));
  const read: string[] = [];
  for await (const line of readLines(asStream(pieces))) read.push(line.toString());
  expect(read).toEqual(["ab", "c", "", "d"]);
});

describe("npm run audit:verify", () => {
  async function run(...words: string[]) {
    const script = join(repositoryRoot, "audit/main.ts");
    return await new Promise<{ code: unknown; output: string }>((resolve) => {
      const options = { env: { ...process.env, NO_COLOR: "1" } };
      execFile(process.execPath, [script, ...words], options, (error, stdout, stderr) => {
        resolve({ code: error ? error.code : 0, output: `${stdout}${stderr}` });
      });
    });
  }

  test("exits 0 with what was verified, and 1 with the first bad entry", {
    tags: ["slow"],
  }, async () => {
    const folder = temporaryFolder("audit-");
    const [good, bad] = [join(folder, "good.ndjson"), join(folder, "bad.ndjson")];
    await writeFile(good, lines.map((line) => `${line}\n`).join(""));
    await writeFile(
      bad,
      lines
        .slice(0, 9)
        .map((line) => `${line}\n`)
        .join(""),
    );
    const key = formatNoteKey(log.key);
    const right = await run(good, "--key", key);
    expect(right).toMatchObject({ code: 0 });
    expect(right.output).toContain(`All 600 entries of ${ownerId} are as they were logged.`);
    expect(await run(bad, "--key", key)).toEqual({
      code: 1,
      output: "✗ The file is cut off: entry 8 of 600 and all later ones are missing.\n",
    });
    expect(await run(good)).toMatchObject({ code: 2 });
    expect(await run(join(folder, "none"), "--key", key)).toMatchObject({ code: 1 });
  });
});
