/** The difference of two states of a workspace as text. */
import { createTwoFilesPatch } from "diff";
import type { Manifest, ManifestEntry, ManifestFile } from "#shared/core/workspace/manifest";
import { compareTree, entryAt, isBelow } from "#shared/core/workspace/tree-order";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { type PacedWork, type Pieces, pacedWork } from "#shared/limits/paced-work";
import { throwIfAbandoned } from "#shared/store/owner-turns";
import { inManifestTurn } from "#shared/workspace/manifest-turn";
import { readFileBytes } from "#shared/workspace/manifests";

/** How many files are compared line by line, and how large they may be, each and together. */
const filesMax = 50;
const fileBytesMax = 256 * 1024;
const allBytesMax = 2 * 1024 * 1024;
/** Texts that differ in more lines are only named: comparing them takes too long. */
const editsMax = 2_000;
/**
 * How long one text is compared, and all of them together. Other requests wait meanwhile, and have
 * twice that time before the next text; the work for a few edits grows with the lines in between.
 */
const textMsMax = 100;
const allMsMax = 500;
const pathsMax = 1_000;
const contextLines = 3;

export interface TextDiff {
  readonly diff: string;
  readonly changedPaths: readonly string[];
  readonly additions: number;
  readonly deletions: number;
  /** Whether files were left out. */
  readonly truncated: boolean;
}

interface Compared {
  readonly before: Manifest;
  readonly after: Manifest;
  /** The file or folder to compare; null for all. */
  readonly path: string | null;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** What rests between the steps; tests have one with a clock of their own. */
  readonly paced?: Pick<PacedWork, "newPieces">;
}

/** @throws {ApiError} `NOT_FOUND` if `path` names nothing that changed; `UNAVAILABLE`. */
export async function diffOf(
  owner: Owner,
  { before, after, path, clock, signal, paced = pacedWork }: Compared,
): Promise<TextDiff> {
  const { created, modified, deleted } = await inManifestTurn(
    owner,
    signal,
    async (turn) => await turn.diff(before, after),
    paced,
  );
  const isAsked = (each: string) => path === null || each === path || isBelow(each, path);
  // Each list is in the order of the tree, so the first of each are enough.
  const firstOf = (entries: readonly ManifestEntry[]) =>
    entries.flatMap((entry) => (isAsked(entry.path) ? [entry.path] : [])).slice(0, pathsMax);
  const changedPaths = [created, modified, deleted].flatMap(firstOf).sort(compareTree);
  if (path !== null && changedPaths.length === 0) {
    throw new ApiError("NOT_FOUND", { message: "Nothing at that path changed." });
  }
  let [diff, additions, deletions, bytes, truncated] = ["", 0, 0, 0, false];
  const piece = paced.newPieces();
  let msLeft = allMsMax;
  for (const [index, at] of changedPaths.entries()) {
    const [was, is] = [entryAt(before.entries, at), entryAt(after.entries, at)];
    const size = sizeOf(was) + sizeOf(is);
    if (index >= filesMax || bytes + size > allBytesMax) {
      truncated = true;
      break;
    }
    bytes += size;
    throwIfAbandoned(signal);
    const msMax = Math.min(msLeft, textMsMax);
    const part = await patchOf(owner, at, { was, is, clock, msMax, piece });
    msLeft -= part.tookMs;
    diff += part.text;
    additions += part.additions;
    deletions += part.deletions;
    truncated ||= part.isOnlyNamed;
  }
  return { diff, changedPaths: changedPaths.slice(0, pathsMax), additions, deletions, truncated };
}

function sizeOf(entry: ManifestEntry | undefined): number {
  return entry?.type === "file" ? entry.sizeBytes : 0;
}

interface Sides {
  readonly was: ManifestEntry | undefined;
  readonly is: ManifestEntry | undefined;
  readonly msMax: number;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly piece: Pieces;
}

async function patchOf(owner: Owner, path: string, { was, is, msMax, clock, piece }: Sides) {
  const [from, to] = [was ? `a/${path}` : "/dev/null", is ? `b/${path}` : "/dev/null"];
  const [before, after] = [await textOf(owner, was), await textOf(owner, is)];
  const { text, tookMs } = await piece(() => {
    const began = clock();
    const named = before === null || after === null || msMax <= 0;
    const patch = named ? null : patchWithin({ from, to, before, after }, msMax);
    return { text: patch, tookMs: clock() - began };
  });
  if (text === null) {
    const named = `Files ${from} and ${to} differ\n`;
    return { text: named, additions: 0, deletions: 0, isOnlyNamed: true, tookMs };
  }
  return { text, ...changedLines(text), isOnlyNamed: false, tookMs };
}

/** How many lines a patch of one file adds and deletes, which may look like those of its head. */
export function changedLines(patch: string): Pick<TextDiff, "additions" | "deletions"> {
  const lines = patch.split("\n");
  const changes = lines.slice(lines.findIndex((line) => line.startsWith("@@ ")));
  const count = (sign: string) => changes.filter((line) => line.startsWith(sign)).length;
  return { additions: count("+"), deletions: count("-") };
}

interface NamedTexts {
  readonly from: string;
  readonly to: string;
  readonly before: string;
  readonly after: string;
}

/** @returns Null if the texts differ too much, or comparing them takes longer than `msMax`. */
export function patchWithin({ from, to, before, after }: NamedTexts, msMax: number) {
  const bounds = { context: contextLines, maxEditLength: editsMax, timeout: msMax };
  const patch = createTwoFilesPatch(from, to, before, after, undefined, undefined, bounds);
  return patch ?? null;
}

/** Null for what isn't a text, and for a text that is too long. */
async function textOf(owner: Owner, entry: ManifestEntry | undefined): Promise<string | null> {
  if (entry === undefined || entry.type === "directory") return "";
  if (entry.type === "symlink") return `${entry.target}\n`;
  const file: ManifestFile = entry;
  const { sizeBytes } = file;
  if (sizeBytes > fileBytesMax) return null;
  const bytes = await readFileBytes(owner, file, { offsetBytes: 0, sizeBytes });
  const text = bytes.toString("utf8");
  return text.includes("\0") || !Buffer.from(text).equals(bytes) ? null : text;
}
