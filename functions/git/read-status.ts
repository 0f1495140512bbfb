/** What `git status` says, without running git: HEAD, the index and the workspace compared. */
import { damaged, GitFault } from "#shared/core/git/git-fault";
import {
  emptyIndex,
  type GitIndex,
  type IndexEntry,
  indexBytesMax,
  parseIndex,
} from "#shared/core/git/parse-index";
import {
  folderMode,
  linkMode,
  pathBytesMax,
  submoduleMode,
  type TreeEntry,
} from "#shared/core/git/parse-objects";
import type { ReadBudget } from "#shared/core/git/read-budget";
import { sortedInSteps } from "#shared/core/git/sort-in-steps";
import type { ManifestFile } from "#shared/core/workspace/manifest";
import { type ChangedFile, ChangeList, type FileStatus } from "./change-list.ts";
import { FileComparison } from "./compare-file.ts";
import { inSteps } from "./in-steps.ts";
import type { Repository } from "./repository.ts";
import { untrackedIn } from "./untracked.ts";

export interface WorkingState {
  /** HEAD and the index compared. */
  readonly staged: readonly ChangedFile[];
  /** The index and the workspace compared; what isn't in the index comes last. */
  readonly unstaged: readonly ChangedFile[];
}

const depthMax = 256;

export async function readStatus(repository: Repository): Promise<WorkingState> {
  const { files } = repository;
  const file = files.file(".git/index");
  if (file !== undefined && file.sizeBytes > indexBytesMax) {
    throw new GitFault("The repository's index is too large to be read here.");
  }
  const index = file ? await indexOf(repository, file) : emptyIndex;
  const changes = new ChangeList(repository.budget);
  const staged = await stagedIn(repository, index, changes);
  const unstaged = await unstagedIn(repository, {
    index,
    changes,
    writtenAt: file?.modifiedAt ?? 0,
  });
  const untracked = await untrackedIn(repository, index, changes);
  return { staged, unstaged: [...unstaged, ...untracked] };
}

async function indexOf({ files, budget }: Repository, file: ManifestFile): Promise<GitIndex> {
  budget.spend("keptBytes", file.sizeBytes);
  const bytes = await files.whole(file, indexBytesMax);
  const index = await inSteps(parseIndex(bytes, budget), budget);
  budget.refund("keptBytes", file.sizeBytes);
  return index;
}

async function stagedIn(
  { objects, head, budget }: Repository,
  { entries, trees }: GitIndex,
  changes: ChangeList,
): Promise<ChangedFile[]> {
  const staged = new Map<string, IndexEntry>();
  const unmerged = new Set<string>();
  for (const entry of entries) {
    if (budget.work(10 + entry.path.length / 4)) await budget.pause();
    if (entry.stage > 0) unmerged.add(entry.path);
    else if (!entry.isIntent) staged.set(entry.path, entry);
  }
  const found: ChangedFile[] = [];
  for (const path of unmerged) found.push(changes.made(path, "unmerged"));
  // The tree's own names may be endless, so none of them is kept.
  const known = new Set<IndexEntry>();
  const sameFolders = new Set<string>();
  const compareTree = async (oid: string, prefix: string, depth: number): Promise<void> => {
    if (depth > depthMax) throw damaged("A tree");
    if (trees.get(prefix.slice(0, -1)) === oid) {
      budget.keepText(prefix, 100);
      return void sameFolders.add(prefix);
    }
    for (const entry of await objects.tree(oid)) {
      const length = prefix.length + entry.name.length;
      if (length > pathBytesMax) throw new GitFault("The repository has too long a path.");
      if (budget.work(60 + length / 2)) await budget.pause();
      const path = `${prefix}${entry.name}`;
      if (entry.mode === folderMode) {
        await compareTree(entry.oid, `${path}/`, depth + 1);
        continue;
      }
      const is = staged.get(path);
      if (is !== undefined) known.add(is);
      if (unmerged.has(path)) continue;
      const status = stagedStatus(is, entry);
      if (status !== null) found.push(changes.made(path, status));
    }
  };
  if (head !== null) await compareTree((await objects.commit(head)).tree, "", 0);
  for (const [path, entry] of staged) {
    if (known.has(entry) || (await isBelowOne(path, sameFolders, budget))) continue;
    found.push(changes.made(path, "added"));
  }
  return await inSteps(sortedInSteps(found, pathOf, budget), budget);
}

/** Null if the index says the same as the tree. */
function stagedStatus(is: IndexEntry | undefined, entry: TreeEntry): FileStatus | null {
  if (is === undefined) return "deleted";
  if (kindOf(is.mode) !== kindOf(entry.mode)) return "typechange";
  const isSame = is.oid === entry.oid && isProgram(is.mode) === isProgram(entry.mode);
  return isSame ? null : "modified";
}

/** Whether a path lies below one of the folders, which end with a slash; "" is every path's. */
async function isBelowOne(
  path: string,
  folders: ReadonlySet<string>,
  budget: ReadBudget,
): Promise<boolean> {
  if (budget.work(10)) await budget.pause();
  if (folders.has("")) return true;
  if (folders.size === 0) return false;
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
    if (budget.work(10 + end / 4)) await budget.pause();
    if (folders.has(path.slice(0, end + 1))) return true;
  }
  return false;
}

interface Comparing {
  readonly index: GitIndex;
  readonly changes: ChangeList;
  /** When the index was written. */
  readonly writtenAt: number;
}

async function unstagedIn(
  repository: Repository,
  { index: { entries }, changes, writtenAt }: Comparing,
): Promise<ChangedFile[]> {
  const { budget } = repository;
  const comparison = await FileComparison.of(repository, writtenAt);
  const found: ChangedFile[] = [];
  const unmerged = new Set<string>();
  for (const entry of entries) {
    const { path } = entry;
    if (budget.work(30 + path.length / 4)) await budget.pause();
    if (entry.stage > 0) {
      if (!unmerged.has(path)) found.push(changes.made(path, "unmerged"));
      unmerged.add(path);
      continue;
    }
    if (entry.isAssumedSame || entry.isSkipped || entry.mode === submoduleMode) continue;
    const status = await comparison.statusOf(entry);
    if (status !== null) found.push(changes.made(path, status));
  }
  return await inSteps(sortedInSteps(found, pathOf, budget), budget);
}

export function kindOf(mode: number): "link" | "submodule" | "file" {
  if (mode === linkMode) return "link";
  return mode === submoduleMode ? "submodule" : "file";
}

function isProgram(mode: number): boolean {
  return (mode & 0o111) !== 0;
}

function pathOf({ path }: ChangedFile): string {
  return path;
}
