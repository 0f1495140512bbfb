/** Reads a repository's index, in the versions 2 to 4. Nothing in it is trusted. */
import { damaged, GitFault } from "./git-fault.ts";
import { pathBytesMax } from "./parse-objects.ts";
import type { ReadBudget } from "./read-budget.ts";

/** The index of a hundred thousand files has about ten megabytes. */
export const indexBytesMax = 16 * 1024 * 1024;
/** More than a workspace can have files, since a sparse checkout leaves some out. */
const entriesMax = 200_000;

export interface IndexEntry {
  readonly path: string;
  /** As in a tree: 100644, 100755, 120000 or 160000 (octal). */
  readonly mode: number;
  readonly oid: string;
  /** 0 unless a merge has left a conflict. */
  readonly stage: number;
  /** The lower 32 bits of the size that the file had when it was added. */
  readonly sizeBytes: number;
  /** Milliseconds since 1970, rounded as the times of a workspace's files are. */
  readonly modifiedAt: number;
  /** Set by `update-index --assume-unchanged` and by sparse checkouts. */
  readonly isAssumedSame: boolean;
  readonly isSkipped: boolean;
  /** `add --intent-to-add`: the path without its contents. */
  readonly isIntent: boolean;
}

export interface GitIndex {
  /** In git's order: by bytes of the path, then by stage. */
  readonly entries: readonly IndexEntry[];
  /** Trees that the index says are as its entries are, by folder; the root is "". */
  readonly trees: ReadonlyMap<string, string>;
}

export const emptyIndex: GitIndex = { entries: [], trees: new Map() };

const oidBytes = 20;
const statBytes = 40;
const headerBytes = 12;
/** The work of an entry, beside that for its name. */
const entryWork = 100;
/** What an entry takes beside its name, with its places in the lists that status makes. */
const entryKeptBytes = 400;
const treeKeptBytes = 250;

/** @throws {GitFault} If it isn't an index, is of a kind that isn't read, or says too much. */
export function* parseIndex(bytes: Buffer, budget: ReadBudget): Generator<void, GitIndex> {
  if (bytes.length > indexBytesMax) throw new GitFault("The repository's index is too large.");
  if (bytes.length < headerBytes + oidBytes) throw damaged("The repository's index");
  if (bytes.toString("latin1", 0, 4) !== "DIRC") throw damaged("The repository's index");
  const version = bytes.readUInt32BE(4);
  const count = bytes.readUInt32BE(8);
  if (version < 2 || version > 4) throw damaged("The repository's index");
  if (count > entriesMax) throw new GitFault("The repository's index is too large.");
  const cursor = { bytes, offset: headerBytes, end: bytes.length - oidBytes };
  const entries: IndexEntry[] = [];
  let previous: Buffer = Buffer.alloc(0);
  for (let index = 0; index < count; index += 1) {
    const { entry, name } = readEntry(cursor, version, previous);
    if (budget.work(entryWork + name.length / 4)) yield;
    budget.keepText(entry.path, entryKeptBytes);
    entries.push(entry);
    previous = name;
  }
  return { entries, trees: yield* readExtensions(cursor, budget) };
}

interface Cursor {
  readonly bytes: Buffer;
  offset: number;
  readonly end: number;
}

function readEntry(cursor: Cursor, version: number, previous: Buffer) {
  const { bytes, offset: start, end } = cursor;
  const fixed = statBytes + oidBytes + 2;
  if (start + fixed + 2 > end) throw damaged("The repository's index");
  const flags = bytes.readUInt16BE(start + statBytes + oidBytes);
  const isExtended = (flags & 0x4000) !== 0;
  if (isExtended && version === 2) throw damaged("The repository's index");
  const more = isExtended ? bytes.readUInt16BE(start + fixed) : 0;
  cursor.offset = start + fixed + (isExtended ? 2 : 0);
  const name = version === 4 ? shortenedName(cursor, previous) : plainName(cursor, start);
  const seconds = bytes.readUInt32BE(start + 8);
  const nanoseconds = bytes.readUInt32BE(start + 12);
  const entry: IndexEntry = {
    path: name.toString("utf8"),
    mode: bytes.readUInt32BE(start + 24),
    oid: bytes.toString("hex", start + statBytes, start + statBytes + oidBytes),
    stage: (flags >> 12) & 3,
    sizeBytes: bytes.readUInt32BE(start + 36),
    modifiedAt: seconds * 1_000 + Math.round(nanoseconds / 1_000_000),
    isAssumedSame: (flags & 0x8000) !== 0,
    isSkipped: (more & 0x4000) !== 0,
    isIntent: (more & 0x2000) !== 0,
  };
  return { entry, name };
}

function plainName(cursor: Cursor, start: number): Buffer {
  const name = untilZero(cursor);
  // Zeros fill it up to a multiple of eight.
  cursor.offset = start + (Math.floor((cursor.offset - 1 - start) / 8) + 1) * 8;
  return name;
}

/** Version 4 says how much of the name before to drop, and what to add. */
function shortenedName(cursor: Cursor, previous: Buffer): Buffer {
  const dropped = readOffset(cursor);
  if (dropped > previous.length) throw damaged("The repository's index");
  const added = untilZero(cursor);
  requireShort(previous.length - dropped + added.length);
  return Buffer.concat([previous.subarray(0, previous.length - dropped), added]);
}

function untilZero(cursor: Cursor): Buffer {
  const { bytes, offset, end } = cursor;
  const zero = bytes.indexOf(0, offset);
  if (zero < 0 || zero >= end) throw damaged("The repository's index");
  requireShort(zero - offset);
  cursor.offset = zero + 1;
  return bytes.subarray(offset, zero);
}

/** Names that begin alike are stored once, and each would be kept as a whole. */
function requireShort(nameBytes: number): void {
  if (nameBytes > pathBytesMax) throw new GitFault("The repository's index has too long a path.");
}

/** A number in the form that offsets in packs have, too. */
function readOffset(cursor: Cursor): number {
  let byte = cursor.bytes[cursor.offset++] ?? 0;
  let value = byte & 0x7f;
  while ((byte & 0x80) !== 0) {
    byte = cursor.bytes[cursor.offset++] ?? 0;
    value = (value + 1) * 128 + (byte & 0x7f);
    if (value > cursor.bytes.length) throw damaged("The repository's index");
  }
  return value;
}

const unreadExtensions: ReadonlyMap<string, string> = new Map([
  ["link", "a split index"],
  ["sdir", "a sparse index"],
]);

function* readExtensions(
  cursor: Cursor,
  budget: ReadBudget,
): Generator<void, ReadonlyMap<string, string>> {
  const trees = new Map<string, string>();
  const { bytes, end } = cursor;
  while (cursor.offset + 8 <= end) {
    if (budget.work(50)) yield;
    const name = bytes.toString("latin1", cursor.offset, cursor.offset + 4);
    const size = bytes.readUInt32BE(cursor.offset + 4);
    const start = cursor.offset + 8;
    if (start + size > end) throw damaged("The repository's index");
    if (name === "TREE") yield* readTrees(bytes.subarray(start, start + size), trees, budget);
    else if (!/^[A-Z]/.test(name)) {
      const kind = unreadExtensions.get(name) ?? "an index of an unknown kind";
      throw new GitFault(`The repository has ${kind}, which isn't read here.`);
    }
    cursor.offset = start + size;
  }
  return trees;
}

/** Each folder is followed by those in it. What isn't valid any more has a negative count. */
function* readTrees(
  bytes: Buffer,
  trees: Map<string, string>,
  budget: ReadBudget,
): Generator<void, void> {
  const open: { prefix: string; left: number }[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const { name, entries, folders, end } = treeLine(bytes, offset);
    while (open.at(-1)?.left === 0) open.pop();
    const parent = open.at(-1);
    if (parent) parent.left -= 1;
    const pathLength = parent ? parent.prefix.length + name.length : 0;
    requireShort(pathLength);
    if (budget.work(entryWork + pathLength)) yield;
    budget.spend("keptBytes", treeKeptBytes + 4 * pathLength);
    const path = parent ? `${parent.prefix}${name}` : "";
    offset = end;
    if (entries >= 0) {
      trees.set(path, bytes.toString("hex", offset, offset + oidBytes));
      offset += oidBytes;
    }
    open.push({ prefix: path === "" ? "" : `${path}/`, left: folders });
  }
}

const countsLengthMax = 40;

/** A folder's name, and how many entries and folders it has. */
function treeLine(bytes: Buffer, start: number) {
  const head = bytes.subarray(start, start + pathBytesMax + 1 + countsLengthMax);
  const zero = head.indexOf(0);
  const line = zero < 0 ? -1 : head.indexOf(0x0a, zero);
  if (line < 0) throw damaged("The repository's index");
  const [entries = Number.NaN, folders = Number.NaN] = head
    .toString("latin1", zero + 1, line)
    .split(" ")
    .map(Number);
  if (!Number.isInteger(entries) || !Number.isInteger(folders)) {
    throw damaged("The repository's index");
  }
  return { name: head.toString("utf8", 0, zero), entries, folders, end: start + line + 1 };
}
