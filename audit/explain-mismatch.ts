/** Says what is wrong with the first bad line of an export, by reading the file a second time. */
import { type ExportHeader, TileLine, tileRoot } from "#shared/core/audit/export-format";
import { hashLeaf } from "#shared/core/audit/merkle-tree";
import { parseJson } from "./verify-header.ts";

interface Mismatch {
  readonly header: ExportHeader;
  /** The entry that should be there, from 0. */
  readonly index: number;
  /** What is there; null at the end of the file. */
  readonly line: Buffer | null;
  /** The number of that line, from 1. */
  readonly lineNumber: number;
  /** The leaf hash that should be there; null for a tile's line, and after the last entry. */
  readonly expected: Buffer | null;
}

/** What the rest of the file has to do with the bad line. */
interface Found {
  /** The entry that the line is, from 0; null if it is none. */
  readonly place: number | null;
  /** Whether the expected entry comes later. */
  readonly comesLater: boolean;
}

export async function explainMismatch(
  lines: AsyncIterable<Buffer>,
  mismatch: Mismatch,
): Promise<string> {
  const { header, index, line, lineNumber, expected } = mismatch;
  const { size } = header.head;
  const entry = (number: number) => `entry ${number + 1} of ${size}`;
  if (line === null) return `The file is cut off: ${entry(index)} and all later ones are missing.`;
  const { place, comesLater } = await search(lines, mismatch);
  if (place !== null && place < index) {
    return `Line ${lineNumber} is a duplicate of ${entry(place)}.`;
  }
  if (index === size) return `Line ${lineNumber} was added after the last entry.`;
  if (expected === null) {
    return `Line ${lineNumber} should have the hashes of the rows from ${entry(index)} on.`;
  }
  if (place !== null || isTile(line)) {
    const what = comesLater ? "isn't in its place; it comes later" : "is missing";
    return `${capital(entry(index))} ${what}.`;
  }
  if (comesLater) return `Line ${lineNumber} was added before ${entry(index)}.`;
  return `${capital(entry(index))}${named(line)} was edited.`;
}

async function search(lines: AsyncIterable<Buffer>, mismatch: Mismatch): Promise<Found> {
  const { line, lineNumber, expected, header } = mismatch;
  const hash = line && hashLeaf(line).toString("hex");
  let [place, comesLater, number, entries]: [number | null, boolean, number, number] = [
    null,
    false,
    0,
    0,
  ];
  for await (const other of lines) {
    number += 1;
    if (number > lineNumber && expected && hashLeaf(other).equals(expected)) comesLater = true;
    const leaves = leavesOf(other, header);
    const within = hash === null ? -1 : leaves.indexOf(hash);
    if (within !== -1) place ??= entries + within;
    entries += leaves.length;
  }
  return { place, comesLater };
}

/** The hashes in a tile's line, if they are the log's; none for any other line. */
function leavesOf(line: Buffer, { tiles }: ExportHeader): readonly string[] {
  const leaves = isTile(line) ? TileLine.safeParse(parseJson(line)).data?.leaves : undefined;
  if (!leaves) return [];
  const root = tileRoot(leaves.map((leaf) => Buffer.from(leaf, "hex"))).toString("hex");
  return tiles.includes(root) ? leaves : [];
}

const tileStart = Buffer.from('{"leaves":[');
const isTile = (line: Buffer) => line.subarray(0, tileStart.length).equals(tileStart);
const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** The id that an edited row still claims, if it has the form of one. */
function named(line: Buffer): string {
  const row = parseJson(line);
  const id: unknown = typeof row === "object" && row && Reflect.get(row, "id");
  return typeof id === "string" && /^[\w-]{1,64}$/.test(id) ? ` (${id})` : "";
}
