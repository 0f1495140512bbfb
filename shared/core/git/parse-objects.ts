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

/** @throws {GitFault} */
export function parseCommit(bytes: Buffer): Commit {
  const text = bytes.toString("utf8");
  const end = text.indexOf("\n\n");
  const headers = (end < 0 ? text : text.slice(0, end)).split("\n");
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
  return {
    tree,
    parents,
    author: author.name,
    authoredAt: author.at,
    committedAt: committer.at,
    message: end < 0 ? "" : text.slice(end + 2).replace(/(?<!\n)\n+$/, ""),
  };
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

/** @throws {GitFault} */
export function parseTree(bytes: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const space = bytes.indexOf(0x20, offset);
    const zero = space < 0 ? -1 : bytes.indexOf(0, space);
    const mode = bytes.toString("latin1", offset, Math.max(offset, space));
    if (zero < 0 || zero + 21 > bytes.length || !/^[0-7]{5,6}$/.test(mode)) throw damaged("A tree");
    entries.push({
      name: bytes.toString("utf8", space + 1, zero),
      mode: Number.parseInt(mode, 8),
      oid: bytes.toString("hex", zero + 1, zero + 21),
    });
    offset = zero + 21;
  }
  return entries;
}
