/** What `git status` says, without running git: HEAD, the index and the workspace compared. */
import { setImmediate as breathe } from "node:timers/promises";
import type { gitFileStatuses } from "#shared/contract/git";
import { damaged, GitFault } from "#shared/core/git/git-fault";
import {
  emptyIndex,
  type GitIndex,
  type IndexEntry,
  indexBytesMax,
  indexSteps,
} from "#shared/core/git/parse-index";
import { folderMode, linkMode, submoduleMode } from "#shared/core/git/parse-objects";
import { compareBytewise } from "#shared/core/workspace/tree-order";
import { FileComparison } from "./compare-file.ts";
import type { Repository } from "./repository.ts";
import { untrackedIn } from "./untracked.ts";

export type FileStatus = (typeof gitFileStatuses)[number];

export interface ChangedFile {
  readonly path: string;
  readonly status: FileStatus;
}

export interface WorkingState {
  /** HEAD and the index compared. */
  readonly staged: readonly ChangedFile[];
  /** The index and the workspace compared; what isn't in the index comes last. */
  readonly unstaged: readonly ChangedFile[];
}

/** The answer lists each file up to twice. */
const changesMax = 10_000;
const depthMax = 256;
const entriesPerStep = 2_000;

export async function readStatus(repository: Repository): Promise<WorkingState> {
  const { files } = repository;
  const file = files.file(".git/index");
  if (file !== undefined && file.sizeBytes > indexBytesMax) {
    throw new GitFault("The repository's index is too large to be read here.");
  }
  const index = file ? await parsed(await files.whole(file, indexBytesMax)) : emptyIndex;
  const staged = await stagedIn(repository, index);
  const unstaged = await unstagedIn(repository, index, file?.modifiedAt ?? 0);
  const untracked = await untrackedIn(repository, index);
  const all = [...unstaged, ...untracked.map((path) => ({ path, status: "untracked" as const }))];
  if (staged.length + all.length > changesMax) {
    throw new GitFault(`More than ${changesMax} files have changes, which is too many to list.`);
  }
  return { staged, unstaged: all };
}

/** Other requests go on between the steps. */
async function parsed(bytes: Buffer): Promise<GitIndex> {
  const steps = indexSteps(bytes);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await breathe();
  }
}

async function stagedIn(
  { objects, head }: Repository,
  { entries, trees }: GitIndex,
): Promise<ChangedFile[]> {
  const staged = new Map<string, IndexEntry>();
  const unmerged = new Set<string>();
  for (const entry of entries) {
    if (entry.stage > 0) unmerged.add(entry.path);
    else if (!entry.isIntent) staged.set(entry.path, entry);
  }
  const changes: ChangedFile[] = [...unmerged].map((path) => ({ path, status: "unmerged" }));
  const known = new Set<string>();
  const sameFolders: string[] = [];
  const compareTree = async (oid: string, prefix: string, depth: number): Promise<void> => {
    if (depth > depthMax) throw damaged("A tree");
    if (trees.get(prefix.slice(0, -1)) === oid) return void sameFolders.push(prefix);
    for (const entry of await objects.tree(oid)) {
      const path = `${prefix}${entry.name}`;
      if (entry.mode === folderMode) {
        await compareTree(entry.oid, `${path}/`, depth + 1);
        continue;
      }
      known.add(path);
      if (unmerged.has(path)) continue;
      const is = staged.get(path);
      if (is === undefined) changes.push({ path, status: "deleted" });
      else if (kindOf(is.mode) !== kindOf(entry.mode)) changes.push({ path, status: "typechange" });
      else if (is.oid !== entry.oid || isProgram(is.mode) !== isProgram(entry.mode))
        changes.push({ path, status: "modified" });
    }
  };
  if (head !== null) await compareTree((await objects.commit(head)).tree, "", 0);
  const isSame = folderTest(sameFolders);
  for (const path of staged.keys()) {
    if (!known.has(path) && !isSame(path)) changes.push({ path, status: "added" });
  }
  return sorted(changes);
}

/** Whether a path lies below one of the folders, which end with a slash; "" is every path's. */
function folderTest(folders: readonly string[]): (path: string) => boolean {
  const all = new Set(folders);
  if (all.has("")) return () => true;
  return (path) => {
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      if (all.has(path.slice(0, end + 1))) return true;
    }
    return false;
  };
}

async function unstagedIn(
  repository: Repository,
  { entries }: GitIndex,
  indexWrittenAt: number,
): Promise<ChangedFile[]> {
  const comparison = await FileComparison.of(repository, indexWrittenAt);
  const changes: ChangedFile[] = [];
  const unmerged = new Set<string>();
  for (const [place, entry] of entries.entries()) {
    if (place % entriesPerStep === entriesPerStep - 1) await breathe();
    const { path } = entry;
    if (entry.stage > 0) {
      if (!unmerged.has(path)) changes.push({ path, status: "unmerged" });
      unmerged.add(path);
      continue;
    }
    if (entry.isAssumedSame || entry.isSkipped || entry.mode === submoduleMode) continue;
    const status = await comparison.statusOf(entry);
    if (status !== null) changes.push({ path, status });
  }
  return sorted(changes);
}

export function kindOf(mode: number): "link" | "submodule" | "file" {
  if (mode === linkMode) return "link";
  return mode === submoduleMode ? "submodule" : "file";
}

function isProgram(mode: number): boolean {
  return (mode & 0o111) !== 0;
}

function sorted(changes: readonly ChangedFile[]): ChangedFile[] {
  return [...changes].sort((a, b) => compareBytewise(a.path, b.path));
}
