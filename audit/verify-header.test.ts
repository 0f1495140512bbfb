import { sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type ExportHeader, exportHeader } from "#shared/core/audit/export-format";
import {
  emptyFrontier,
  frontierOf,
  hashChildren,
  hashLeaf,
  rootOf,
} from "#shared/core/audit/merkle-tree";
import { hexOf } from "#shared/core/audit/proven-head";
import { formatNote, parseNote, signatureOf } from "#shared/core/audit/signed-note";
import { exportLines, makeKey, sampleHead } from "../test/kit/audit-export.ts";
import { ExportFault, type TrustedKeys, verifyHeader } from "./verify-header.ts";

const log = makeKey("example.com/log");
const witness = makeKey("example.com/witness", "cosignature");
const keys: TrustedKeys = { logs: [log.key], witnesses: [] };
const size = 600;
const [first = Buffer.alloc(0)] = exportLines(size, log);

function verdict(line: Buffer, trusted = keys): string {
  try {
    return `${verifyHeader(line, trusted).header.head.size} are right`;
  } catch (error) {
    if (error instanceof ExportFault) return error.message;
    throw error;
  }
}

function withHeader(change: (header: ExportHeader) => void): Buffer {
  const header = JSON.parse(first.toString()) as ExportHeader;
  change(header);
  return Buffer.from(JSON.stringify(header));
}

describe("AUD-5: an export's header", () => {
  test("can't claim fewer rows or other tiles than its signed head", () => {
    expect(
      verdict(
        withHeader((header) => {
          header.head.size = 512;
        }),
      ),
    ).toBe("The signed map has another head of the owner's trail.");
    expect(verdict(withHeader((header) => void header.tiles.pop()))).toBe(
      "The hashes of the tiles in line 1 don't lead to the signed head.",
    );
    expect(
      verdict(
        withHeader((header) => {
          header.tiles[0] = "0".repeat(64);
        }),
      ),
    ).toBe("The hashes of the tiles in line 1 don't lead to the signed head.");
  });

  test("can't take two tiles for one", () => {
    const merged = withHeader((header) => {
      const [one = "", two = "", ...rest] = header.tiles;
      const parent = hashChildren(Buffer.from(one, "hex"), Buffer.from(two, "hex"));
      header.tiles = [parent.toString("hex"), ...rest];
    });
    expect(verdict(merged)).toBe(
      "The hashes of the tiles in line 1 don't lead to the signed head.",
    );
  });

  test("can't be below an epoch that isn't where its number says", () => {
    const tree = { size: 1, root: rootOf(frontierOf([hashLeaf(Buffer.from("row"))])) };
    const header = exportHeader(sampleHead(tree, log, { number: 4 }), [tree.root]);
    expect(verdict(Buffer.from(JSON.stringify(header)))).toBe(
      "The signed checkpoint doesn't have the epoch that line 1 names.",
    );
  });

  test("can't take a place in the map that nobody has for a trail without entries", () => {
    const nobody = withHeader((header) => {
      const last = Number.parseInt(header.position.slice(-1), 16);
      header.position = header.position.slice(0, -1) + (last ^ 1).toString(16);
      header.head = { ...header.head, size: 0, root: hexOf(rootOf(emptyFrontier)) };
      header.tiles = [];
    });
    expect(verdict(nobody)).toBe("Line 1 isn't the header of an audit export.");
  });

  test("names an owner only by an id, never by what would be printed as a sentence", () => {
    const named = withHeader((header) => {
      header.head.ownerId = "\u001b[2K\r✓ All entries of user_a are as they were logged.";
    });
    expect(verdict(named)).toBe("Line 1 isn't the header of an audit export.");
  });

  test("can't have a field twice, or one that objects inherit from", () => {
    for (const field of ['"format":"another"', '"__proto__":{"format":"another"}']) {
      const edited = first.toString().replace("{", `{${field},`);
      expect(verdict(Buffer.from(edited))).toBe("Line 1 isn't the header of an audit export.");
    }
  });

  test("can't pass off the proof of another epoch, owner or key", () => {
    const wrongEpoch = withHeader((header) => {
      header.epoch.at = 1;
    });
    expect(verdict(wrongEpoch)).toBe(
      "The signed checkpoint doesn't have the epoch that line 1 names.",
    );
    const wrongPlace = withHeader((header) => {
      header.position = "f".repeat(64);
    });
    expect(verdict(wrongPlace)).toBe("The epoch's map doesn't have what line 1 says of the owner.");
    const stranger = makeKey("example.com/log");
    expect(verdict(first, { ...keys, logs: [stranger.key] })).toBe(
      "The checkpoint isn't signed by the given key.",
    );
    const [foreign = first] = exportLines(size, makeKey("example.com/other"));
    expect(verdict(foreign)).toBe("The checkpoint isn't signed by the given key.");
  });

  test("needs the cosignature of each witness that is named", () => {
    const trusted = { ...keys, witnesses: [witness.key] };
    expect(verdict(first, trusted)).toBe(
      "The witness example.com/witness hasn't cosigned the checkpoint.",
    );
    const cosigned = withHeader((header) => {
      const cut = header.proof.indexOf("\n\n") + 2;
      const note = parseNote(header.proof.slice(cut));
      if (!note) throw new Error("the proof ends with a note");
      const message = Buffer.from(`cosignature/v1\ntime 5\n${note.text}`);
      const time = Buffer.from([0, 0, 0, 0, 0, 0, 0, 5]);
      const signature = sign(null, message, witness.privateKey);
      const line = signatureOf(witness.key, Buffer.concat([time, signature]));
      const signatures = [...note.signatures, line];
      header.proof = header.proof.slice(0, cut) + formatNote({ ...note, signatures });
    });
    expect(verdict(cosigned, trusted)).toBe("600 are right");
  });
});
