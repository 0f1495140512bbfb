/** Verifies an export of an audit trail, line by line, and names the first bad entry. */
import { type ExportHeader, TileLine, tileRoot, tileRows } from "#shared/core/audit/export-format";
import { hashLeaf } from "#shared/core/audit/merkle-tree";
import { explainMismatch } from "./explain-mismatch.ts";
import {
  ExportFault,
  parseExact,
  parseJson,
  type TrustedKeys,
  type VerifiedHeader,
  verifyHeader,
} from "./verify-header.ts";

/** @param open Begins to read the file's lines; called a second time to explain a mismatch. */
export async function verifyExport(
  open: () => AsyncIterable<Buffer>,
  keys: TrustedKeys,
): Promise<VerifiedHeader> {
  const lines = new LineReader(open());
  const first = await lines.next();
  if (first === null) throw new ExportFault("The file is empty.");
  const verified = verifyHeader(first, keys);
  const { header } = verified;
  const { size } = header.head;
  const mismatch = async (index: number, line: Buffer | null, expected: Buffer | null) =>
    new ExportFault(
      await explainMismatch(open(), { header, index, line, lineNumber: lines.number, expected }),
    );
  for (let index = 0; index < size; ) {
    const tile = await lines.next();
    const leaves = tile && readTile(tile, header, index / tileRows);
    if (!leaves) throw await mismatch(index, tile, null);
    for (const expected of leaves) {
      const line = await lines.next();
      if (!line || !hashLeaf(line).equals(expected)) throw await mismatch(index, line, expected);
      checkOwner(line, { header, index });
      index += 1;
    }
  }
  const extra = await lines.next();
  if (extra) throw await mismatch(size, extra, null);
  return verified;
}

/** A tile's leaf hashes, if the line leads to the root that the header has for it. */
export function readTile(
  line: Buffer,
  { head, tiles }: ExportHeader,
  number: number,
): readonly Buffer[] | null {
  const { data } = TileLine.safeParse(parseExact(line));
  const leaves = data?.leaves.map((leaf) => Buffer.from(leaf, "hex"));
  const length = Math.min(tileRows, head.size - number * tileRows);
  if (leaves?.length !== length) return null;
  return tileRoot(leaves).toString("hex") === tiles[number] ? leaves : null;
}

/** The log could have put a stranger's row into the tree. */
function checkOwner(
  line: Buffer,
  { header, index }: { readonly header: ExportHeader; readonly index: number },
): void {
  const row = parseJson(line);
  const ownerId: unknown = typeof row === "object" && row && Reflect.get(row, "ownerId");
  if (ownerId === header.head.ownerId) return;
  throw new ExportFault(`Entry ${index + 1} of ${header.head.size} is another owner's.`);
}

/** Reads one line after the other and counts them from 1. */
class LineReader {
  readonly #lines: AsyncIterator<Buffer>;
  number = 0;

  constructor(lines: AsyncIterable<Buffer>) {
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** Null at the end. */
  async next(): Promise<Buffer | null> {
    const { value, done } = await this.#lines.next();
    if (done) return null;
    this.number += 1;
    return value;
  }
}
