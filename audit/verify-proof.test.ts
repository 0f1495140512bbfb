import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LeafRange, planConsistency, planInclusion } from "#shared/core/audit/merkle-proofs";
import { frontierOf, rootOf } from "#shared/core/audit/merkle-tree";
import { AuditProof, auditProof, consistencyProof } from "#shared/core/audit/proof-format";
import { formatNoteKey } from "#shared/core/audit/signed-note";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { temporaryFolder } from "../scripts/tools/temporary-folder.ts";
import { exportLines, makeKey, ownerId, sampleHead } from "../test/kit/audit-export.ts";
import { draws } from "../test/kit/draws.ts";
import { plainRow, TrailStore } from "../test/kit/trail-store.ts";
import { readSaved } from "./saved-file.ts";
import { ExportFault, parseExact, type TrustedKeys } from "./verify-header.ts";
import { verifyContinuation, verifyProof } from "./verify-proof.ts";

const log = makeKey("example.com/log");
const keys: TrustedKeys = { logs: [log.key], witnesses: [] };
const { rows, leaves } = new TrailStore(300);
const rootsOf = (ranges: readonly LeafRange[]) =>
  ranges.map(({ start, end }) => rootOf(frontierOf(leaves.slice(start, end))));
const headAt = (size: number) =>
  sampleHead({ size, root: rootOf(frontierOf(leaves.slice(0, size))) }, log);

function proofOf(index: number, size = 300): AuditProof {
  const [row] = rows.slice(index, index + 1);
  if (!row) throw new Error("the trail has the row");
  const inclusion = rootsOf(planInclusion(index, size));
  return auditProof(headAt(size), { index, inclusion, row: plainRow(row) });
}

function continuation(from: number, to: number) {
  const proof = consistencyProof({ ownerId, from, to }, rootsOf(planConsistency(from, to)));
  return { earlier: headAt(from), later: headAt(to), proof };
}

describe("AUD-5: a proof of one entry", () => {
  test.each([0, 1, 255, 256, 299])("of entry %i is verified", (index) => {
    expect(verifyProof(proofOf(index), keys)).toMatchObject({ origin: "example.com/log" });
  });

  test("is refused whatever byte of it changes", () => {
    const text = JSON.stringify(proofOf(299));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), (place, mask) => {
        const code = text.charCodeAt(place) ^ mask;
        const changed = text.slice(0, place) + String.fromCharCode(code) + text.slice(place + 1);
        expect(() => {
          const { data } = AuditProof.safeParse(parseExact(Buffer.from(changed)));
          if (!data) throw new ExportFault("not a proof");
          verifyProof(data, keys);
        }).toThrow(ExportFault);
      }),
      { numRuns: draws(500) },
    );
  });

  test("can't pass off another owner's row, another log's head or another key", () => {
    const proof = proofOf(5);
    const foreign = { ...proof, row: { ...proof.row, ownerId: "user_other" } };
    expect(() => verifyProof(foreign, keys)).toThrow("The entry is another owner's.");
    expect(() => verifyProof({ ...proof, ...headAt(299) }, keys)).toThrow("another entry there");
    const stranger = { ...keys, logs: [makeKey("example.com/log").key] };
    expect(() => verifyProof(proof, stranger)).toThrow("isn't signed by the given key");
  });
});

describe("AUD-5: the file of a proof", () => {
  const text = JSON.stringify(proofOf(7));
  const kindOf = async (content: string) => {
    const path = join(temporaryFolder("audit-file-"), "proof.json");
    await writeFile(path, content);
    return (await readSaved(path)).kind;
  };

  test("is a regular file, since it is opened more than once", async () => {
    const pipe = join(temporaryFolder("audit-file-"), "pipe");
    await promisify(execFile)("mkfifo", [pipe]);
    await expect(readSaved(pipe)).rejects.toThrow(`${pipe} isn't a regular file.`);
  });

  test("may be printed with other spaces and escapes", async () => {
    expect(await kindOf(text)).toBe("proof");
    const printed = JSON.stringify(JSON.parse(text), null, "\t").replace('"aud_', '"\\u0061ud_');
    expect(await kindOf(printed)).toBe("proof");
  });

  const edits: readonly (readonly [string, (file: string) => string])[] = [
    ["a field twice", (file) => file.replace('"row":{', '"row":{"action":"account.deleted",')],
    ["a fact twice", (file) => file.replace('"facts":{', '"facts":{"model":"another",')],
    ["a row twice", (file) => file.replace("{", '{"row":{"id":"aud_1"},')],
    ["a field twice, once escaped", (file) => file.replace("{", '{"ro\\u0077":{"id":"aud_1"},')],
    ["__proto__", (file) => file.replace('"row":{', '"row":{"__proto__":{"action":"a.b"},')],
    ["an escaped __proto__", (file) => file.replace('"row":{', '"row":{"\\u005f_proto__":1,')],
    ["a number that is too large", (file) => file.replace('"index":7', '"index":1e999')],
    ["a second line", (file) => `${file}\n{"row":{"id":"aud_1"}}`],
    ["a line before it", (file) => `{}\n${file}`],
  ];
  test.each(edits)("is no proof with %s", async (_what, edit) => {
    expect(edit(text)).not.toBe(text);
    expect(await kindOf(edit(text))).toBe("export");
  });
});

describe("AUD-5: a proof of consistency", () => {
  test("shows that a later head continues an earlier one, and nothing else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 299 }), (from) => {
        const right = continuation(from, 300);
        verifyContinuation(right, keys);
        const { earlier, later, proof } = right;
        const refused = (changed: Partial<typeof right>) =>
          expect(() => verifyContinuation({ ...right, ...changed }, keys)).toThrow(ExportFault);
        refused({ proof: { ...proof, hashes: proof.hashes.toReversed().slice(1) } });
        refused({ proof: { ...proof, ownerId: "user_other" } });
        refused({ earlier: later, later: earlier });
        refused({ earlier: { ...earlier, position: "f".repeat(64) } });
      }),
      { numRuns: draws(20) },
    );
  });

  test("finds a trail that was rewritten before the earlier head", () => {
    const other = leaves.with(3, Buffer.alloc(32, 1));
    const rewritten = sampleHead({ size: 300, root: rootOf(frontierOf(other)) }, log);
    const { earlier, proof } = continuation(200, 300);
    expect(() => verifyContinuation({ earlier, later: rewritten, proof }, keys)).toThrow(
      "the trail was rewritten",
    );
  });
});

describe("npm run audit:verify", () => {
  test("verifies a proof, and a proof of consistency with two saved files", {
    tags: ["slow"],
  }, async () => {
    const folder = temporaryFolder("audit-proof-");
    const file = async (name: string, text: string) => {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    };
    const proof = await file("proof.json", JSON.stringify(proofOf(7), null, 2));
    const earlier = await file("export.ndjson", exportLines(200, log).join("\n"));
    const consistency = await file("both.json", JSON.stringify(continuation(200, 300).proof));
    const key = ["--key", formatNoteKey(log.key)];
    const run = async (...words: string[]) => {
      const env = { ...process.env, NO_COLOR: "1" };
      const all = [join(repositoryRoot, "audit/main.ts"), ...words, ...key];
      return await promisify(execFile)(process.execPath, all, { env }).catch(
        (failed: { code: number; stdout: string; stderr: string }) => failed,
      );
    };
    expect((await run(proof)).stdout).toContain(`${rows[7]?.id} is entry 8 of 300 of ${ownerId}`);
    const both = await run(consistency, "--earlier", earlier, "--later", proof);
    expect(both.stdout).toContain(`with 300 entries begins with the 200 entries`);
    const swapped = await run(consistency, "--earlier", proof, "--later", earlier);
    expect(swapped).toMatchObject({ code: 1 });
  });
});
