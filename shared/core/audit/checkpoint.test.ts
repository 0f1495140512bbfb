import { sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { makeKey } from "../../../test/kit/audit-export.ts";
import {
  formatCheckpoint,
  formatLogProof,
  isProven,
  parseCheckpoint,
  parseLogProof,
  readCheckpoint,
} from "./checkpoint.ts";
import { planInclusion } from "./merkle-proofs.ts";
import { frontierOf, hashLeaf, rootOf } from "./merkle-tree.ts";
import { formatNote, signatureOf } from "./signed-note.ts";

/** The example of the C2SP specification. */
const text =
  "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const leaves = ["one", "two", "three"].map((entry) => hashLeaf(Buffer.from(entry)));
const root = rootOf(frontierOf(leaves));

describe("checkpoints", () => {
  test("the specification's example is read and written", () => {
    const checkpoint = parseCheckpoint(text);
    expect(checkpoint).toMatchObject({ origin: "example.com/behind-the-sofa", size: 20_852_163 });
    expect(checkpoint && formatCheckpoint(checkpoint)).toBe(text);
    expect(parseCheckpoint(`${text}an extension\n`)).toEqual(checkpoint);
  });

  test("what isn't a checkpoint is refused", () => {
    const malformed = [
      "",
      text.slice(0, -1),
      text.replace("example.com/behind-the-sofa", ""),
      text.replace("20852163", "020852163"),
      text.replace("20852163", "-1"),
      text.replace("20852163", "9999999999999999"),
      text.replace("q2I=", "q2I"),
      text.replace("CsUY", ""),
      `${text}\n`,
    ];
    for (const one of malformed) expect(parseCheckpoint(one)).toBeNull();
  });

  test("one that is signed with the key of another log is refused", () => {
    const log = makeKey("example.com/log");
    const note = (origin: string) => {
      const body = formatCheckpoint({ origin, size: 3, root });
      const signature = signatureOf(log.key, sign(null, Buffer.from(body), log.privateKey));
      return formatNote({ text: body, signatures: [signature] });
    };
    expect(readCheckpoint(note("example.com/log"), log.key)).toMatchObject({ size: 3 });
    expect(readCheckpoint(note("example.com/other"), log.key)).toBeNull();
    expect(readCheckpoint(note("example.com/log"), makeKey("example.com/log").key)).toBeNull();
  });
});

describe("log proofs", () => {
  const hashes = planInclusion(1, 3).map(({ start, end }) =>
    rootOf(frontierOf(leaves.slice(start, end))),
  );
  const proof = { index: 1, hashes, note: `${text}\n— example.com/log AAAA\n` };

  test("a proof survives writing and reading, and proves its entry alone", () => {
    const read = parseLogProof(formatLogProof(proof));
    expect(read).toEqual(proof);
    const [one, two] = leaves;
    expect(two && isProven(two, proof, { size: 3, root })).toBe(true);
    expect(one && isProven(one, proof, { size: 3, root })).toBe(false);
    expect(two && isProven(two, { ...proof, index: 2 }, { size: 3, root })).toBe(false);
  });

  test("the form is the specification's", () => {
    const lines = formatLogProof(proof).split("\n");
    expect(lines.slice(0, 5)).toEqual([
      "c2sp.org/tlog-proof@v1",
      "index 1",
      ...hashes.map((hash) => hash.toString("base64")),
      "",
    ]);
    const withExtra = formatLogProof(proof).replace("index", "extra AAAA\nindex");
    expect(parseLogProof(withExtra)).toEqual(proof);
  });

  test("what isn't a proof is refused", () => {
    const written = formatLogProof(proof);
    const malformed = [
      "",
      written.replace("@v1", "@v2"),
      written.replace("index 1", "index 01"),
      written.replace("index 1", "index one"),
      written.replace("index 1\n", ""),
      written.replace("index 1\n", "index 1\nAAAA\n"),
      written.replaceAll("\n\n", "\n"),
    ];
    for (const one of malformed) expect(parseLogProof(one)).toBeNull();
  });
});
