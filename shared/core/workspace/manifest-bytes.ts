/**
 * A manifest as it is stored and sent, and how it is validated on the way back: bounds before
 * schemas, one entry at a time, stopping at the first fault.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import * as z from "zod";
import { manifestBytesMax } from "../../protocol/runner.ts";
import { atOnce, Pace } from "../steps.ts";
import {
  inOrderSteps,
  isSameFile,
  type Manifest,
  ManifestEntry,
  type ManifestFile,
  partsMax,
  roughBytesOf,
} from "./manifest.ts";
import { ManifestError } from "./manifest-error.ts";
import { treeSortSteps } from "./sort-steps.ts";
import { compareBytewise, compareTree, isBelow, newFolderLengths } from "./tree-order.ts";

/** Entries and the folders that they imply. A workspace holds a tenth of that at most. */
const inodesMax = 1_000_000;
/** One entry: a path, a target or the parts of a file. */
const lineBytesMax = 512 * 1024;
const newline = 0x0a;
const header = '{"v":2}\n';
/**
 * Version 1 was one JSON text with two brackets for each entry and one for each part. A text with
 * more of them can't be a manifest, so it isn't parsed.
 */
const bracketsBeforeMax = 1_000_000;

const ManifestBefore = z.object({ v: z.literal(1), entries: z.array(z.unknown()) });

/** The stored form. Equal manifests have equal bytes, whatever order their keys came in. */
export function manifestBytes(manifest: Manifest): Uint8Array {
  const bytes = atOnce(encodeSteps(manifest));
  if (bytes === null) throw new ManifestError("A manifest is too long.");
  return bytes;
}

/**
 * The same in steps. A name that a hundred thousand others refer to may become a long one, so what
 * is too long isn't made.
 * @returns Null if it is longer than a manifest may be.
 */
export function* encodeSteps({ entries }: Manifest): Generator<void, Uint8Array | null> {
  const pace = new Pace();
  const chunks = [Buffer.from(header)];
  let sizeBytes = header.length;
  let lines = "";
  const take = () => {
    const chunk = Buffer.from(lines);
    sizeBytes += chunk.length;
    chunks.push(chunk);
    lines = "";
    return sizeBytes <= manifestBytesMax;
  };
  for (const entry of entries) {
    const line = entryLine(entry);
    lines += line;
    if (!pace.isDue(line.length)) continue;
    if (!take()) return null;
    yield;
  }
  return take() ? Buffer.concat(chunks) : null;
}

/** The line for one entry in the stored form. */
export function entryLine(entry: ManifestEntry): string {
  return `${JSON.stringify(ordered(entry))}\n`;
}

/** The SHA-256 of a manifest's bytes in hex, which it is stored under. */
export function manifestDigest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @throws {ManifestError} When the bytes aren't a manifest. */
export function parseManifest(bytes: Uint8Array): Manifest {
  return atOnce(manifestSteps(bytes));
}

/**
 * The same in steps, so that a server can do other work in between.
 * @throws {ManifestError} At the first fault; the rest isn't examined.
 */
export function* manifestSteps(bytes: Uint8Array): Generator<void, Manifest> {
  if (bytes.length > manifestBytesMax) throw new ManifestError("A manifest is too long.");
  if (!isUtf8(bytes)) throw new ManifestError("A manifest isn't valid UTF-8.");
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (text.subarray(0, header.length).toString() !== header) return yield* stepsBefore(text);
  const entries: ManifestEntry[] = [];
  const pace = new Pace();
  const tree = new TreeCheck();
  let start = header.length;
  while (start < text.length) {
    const end = text.indexOf(newline, start);
    if (end < 0 || end - start > lineBytesMax) throw faultAt(entries.length, "is too long");
    const entry = readEntry(parsed(text.toString("utf8", start, end)), entries.length);
    tree.add(entry);
    entries.push(entry);
    if (pace.isDue(end - start)) yield;
    start = end + 1;
  }
  return { v: 2, entries };
}

/**
 * Whether the manifest's stored form could be read back, in steps that keep nothing. A line can't
 * be too long, since the bounds of an entry imply that of its line.
 * @throws {ManifestError} At the first fault.
 */
export function* doubtSteps({ entries }: Manifest): Generator<void, void> {
  const pace = new Pace();
  const tree = new TreeCheck();
  for (const [index, entry] of entries.entries()) {
    readEntry(entry, index);
    tree.add(entry);
    if (pace.isDue(roughBytesOf(entry))) yield;
  }
}

/** Earlier releases stored manifests sorted bytewise, with entries for empty folders only. */
function* stepsBefore(text: Buffer): Generator<void, Manifest> {
  if (bracketsOf(text) > bracketsBeforeMax) throw new ManifestError("A manifest holds too much.");
  yield;
  const found = ManifestBefore.safeParse(parsed(text.toString("utf8")));
  if (!found.success) throw new ManifestError("This isn't a manifest.");
  const entries: ManifestEntry[] = [];
  const pace = new Pace();
  for (const raw of found.data.entries) {
    const entry = readEntry(raw, entries.length);
    const previous = entries.at(-1);
    const isOrdered = previous === undefined || compareBytewise(previous.path, entry.path) < 0;
    if (!isOrdered) throw faultAt(entries.length, "is out of order");
    entries.push(entry);
    if (pace.isDue(roughBytesOf(entry))) yield;
  }
  const manifest = yield* inOrderSteps(yield* treeSortSteps(entries));
  const tree = new TreeCheck();
  for (const entry of manifest.entries) {
    tree.add(entry);
    if (pace.isDue(roughBytesOf(entry))) yield;
  }
  return manifest;
}

function bracketsOf(text: Uint8Array): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const byte = text[index];
    if (byte === 0x5b || byte === 0x7b) count += 1;
  }
  return count;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ManifestError("A manifest isn't valid JSON.");
  }
}

function readEntry(raw: unknown, index: number): ManifestEntry {
  const { parts } = Object(raw);
  // Checked here because a schema would validate every part first.
  if (Array.isArray(parts) && parts.length > partsMax) throw faultAt(index, "is in too many parts");
  const result = ManifestEntry.safeParse(raw);
  if (!result.success) throw faultAt(index, "isn't one");
  const why = partsFault(result.data);
  if (why !== undefined) throw faultAt(index, why);
  return result.data;
}

function faultAt(index: number, why: string): ManifestError {
  return new ManifestError(`Entry ${index + 1} of a manifest ${why}.`);
}

function partsFault(entry: ManifestEntry): string | undefined {
  if (entry.type !== "file") return undefined;
  let sizeBytes = 0;
  for (const part of entry.parts) {
    sizeBytes += part.sizeBytes;
    if (part.pack === null && part.offsetBytes !== 0) return "has a hole that lies somewhere";
  }
  return sizeBytes === entry.sizeBytes ? undefined : "isn't as long as its parts";
}

/** Whether entries make a tree, decided from each entry and the one before it. */
class TreeCheck {
  readonly #firsts = new Map<string, ManifestFile>();
  #previous: ManifestEntry | undefined;
  #index = -1;
  #inodes = 0;

  /** @throws {ManifestError} When the entry can't follow those that were added. */
  add(entry: ManifestEntry): void {
    this.#index += 1;
    const { path } = entry;
    const previous = this.#previous?.path ?? "";
    this.#inodes += 1 + newFolderLengths(previous, path).length;
    if (this.#inodes > inodesMax) throw faultAt(this.#index, "is one too many");
    if (this.#previous !== undefined && compareTree(previous, path) >= 0) {
      throw faultAt(this.#index, "is out of order");
    }
    // Everything below an entry follows it directly.
    const isFolder = this.#previous === undefined || this.#previous.type === "directory";
    if (!isFolder && isBelow(path, previous)) {
      throw faultAt(this.#index, "lies below one that is no folder");
    }
    this.#checkLink(entry);
    this.#previous = entry;
  }

  #checkLink(entry: ManifestEntry): void {
    if (entry.type !== "file") return;
    if (entry.linkTo === undefined) {
      this.#firsts.set(entry.path, entry);
      return;
    }
    const first = this.#firsts.get(entry.linkTo);
    if (first === undefined || !isSameFile(first, entry)) {
      throw faultAt(this.#index, "is another name of no file before it");
    }
  }
}

function ordered(entry: ManifestEntry): ManifestEntry {
  const { path, type } = entry;
  const times = entry.modifiedAt === undefined ? {} : { modifiedAt: entry.modifiedAt };
  if (type === "symlink") return { path, type, target: entry.target, ...times };
  if (type === "directory") return { path, type, mode: entry.mode, ...times };
  const parts = entry.parts.map(({ pack, offsetBytes, sizeBytes }) => ({
    pack,
    offsetBytes,
    sizeBytes,
  }));
  const { sha256, sizeBytes, mode, modifiedAt } = entry;
  const file = { path, type, sha256, sizeBytes, mode, modifiedAt, parts };
  return entry.linkTo === undefined ? file : { ...file, linkTo: entry.linkTo };
}
