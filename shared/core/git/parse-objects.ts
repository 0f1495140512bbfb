/** Reads commits and trees. */
import { damaged } from "./git-fault.ts";

export interface Commit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: string;
  /** Epoch milliseconds. */
  readonly authoredAt: number;
  readonly committedAt: number;
  readonly message: string;
  /** Whether its author or its message is longer than what is shown of it. */
  readonly isCut: boolean;
}

export interface TreeEntry {
  readonly name: string;
  readonly mode: number;
  readonly oid: string;
}

export const folderMode = 0o40_000;
export const linkMode = 0o120_000;
export const submoduleMode = 0o160_000;

const oid = /^[0-9a-f]{40}$/;
const parentsMax = 64;
/** The last second that ISO dates name with four digits. */
const secondsMax = 253_402_300_799;

/** Signatures and merged tags are headers, too. */
const headersBytesMax = 128 * 1024;
const authorMax = 1_000;
/** As long as a message that the routes commit with. */
const messageMax = 20_000;
const characterBytesMax = 4;

/** About how much work it is. */
export function commitWork(bytes: Buffer): number {
  return 1_000 + bytes.length / 16 + 2 * Math.min(bytes.length, headersBytesMax);
}

/** Its message is cut. @throws {GitFault} */
export function parseCommit(bytes: Buffer): Commit {
  const found = bytes.indexOf("\n\n");
  const end = found < 0 ? bytes.length : found;
  if (end > headersBytesMax) throw damaged("A commit");
  const headers = bytes.toString("utf8", 0, end).split("\n");
  const all = (name: string) =>
    headers
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1));
  const [tree = ""] = all("tree");
  const parents = all("parent");
  if (![tree, ...parents].every((id) => oid.test(id)) || parents.length > parentsMax) {
    throw damaged("A commit");
  }
  const author = personOf(all("author")[0]);
  const committer = personOf(all("committer")[0]);
  const text = bytes.toString("utf8", end + 2, end + 2 + messageMax * characterBytesMax);
  const message = text.replace(/(?<!\n)\n+$/, "");
  return {
    tree,
    parents,
    author: cutTo(author.name, authorMax),
    authoredAt: author.at,
    committedAt: committer.at,
    message: cutTo(message, messageMax),
    isCut: author.name.length > authorMax || message.length > messageMax,
  };
}

/** Pairs of surrogates aren't parted. */
function cutTo(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

function personOf(line = ""): { readonly name: string; readonly at: number } {
  const close = line.lastIndexOf(">");
  const [seconds = ""] = line
    .slice(close + 1)
    .trim()
    .split(" ");
  const known = /^\d{1,12}$/.test(seconds) ? Math.min(Number(seconds), secondsMax) : 0;
  return { name: line.slice(0, close + 1), at: known * 1_000 };
}

/** As long as a path can be in a file system, so that none is longer in a list of names. */
export const pathBytesMax = 4_096;
const modeLengthMax = 6;

/** One entry at a time: a list of them would be ten times the tree. @throws {GitFault} */
export function* treeEntries(bytes: Buffer): Generator<TreeEntry> {
  let offset = 0;
  while (offset < bytes.length) {
    const start = bytes.subarray(offset, offset + modeLengthMax + 1 + pathBytesMax + 1);
    const space = start.indexOf(0x20);
    const zero = start.indexOf(0, Math.max(space, 0));
    const mode = start.toString("latin1", 0, Math.min(Math.max(space, 0), modeLengthMax + 1));
    const isWhole = zero >= 0 && offset + zero + 21 <= bytes.length;
    if (!isWhole || !/^[0-7]{5,6}$/.test(mode)) throw damaged("A tree");
    yield {
      name: start.toString("utf8", space + 1, zero),
      mode: Number.parseInt(mode, 8),
      oid: bytes.toString("hex", offset + zero + 1, offset + zero + 21),
    };
    offset += zero + 21;
  }
}
