/** What isn't in the index and isn't ignored; a folder that holds nothing else is listed as one. */
import {
  type IgnoreFile,
  isIgnoredBy,
  noPatterns,
  parseIgnore,
} from "#shared/core/git/ignore-patterns";
import type { GitIndex } from "#shared/core/git/parse-index";
import type { ReadBudget } from "#shared/core/git/read-budget";
import { sortedInSteps } from "#shared/core/git/sort-in-steps";
import type { ManifestEntry } from "#shared/core/workspace/manifest";
import { folderOf, isBelow, nameOf } from "#shared/core/workspace/tree-order";
import type { ChangedFile, ChangeList } from "./change-list.ts";
import { inSteps } from "./in-steps.ts";
import type { Repository } from "./repository.ts";

const ignoreBytesMax = 256 * 1024;
/** What a folder or a file takes, beside its path, which is a part of another text. */
const nodeBytes = 200;

interface Node {
  readonly path: string;
  readonly isFolder: boolean;
  readonly children: Node[];
}

export async function untrackedIn(
  repository: Repository,
  index: GitIndex,
  changes: ChangeList,
): Promise<ChangedFile[]> {
  const { files, budget } = repository;
  const tracked = new Set<string>();
  const holding = new Set<string>();
  for (const { path } of index.entries) {
    if (budget.work(20 + path.length / 4)) await budget.pause();
    tracked.add(path);
    for (let folder = folderOf(path); folder !== ""; folder = folderOf(folder)) {
      if (budget.work(20 + folder.length / 2)) await budget.pause();
      if (holding.has(folder)) break;
      budget.keepText(folder, 100);
      holding.add(folder);
    }
  }
  const root = await treeOf(files.below(""), files.folder, budget);
  const search = new Search(repository, { tracked, holding, changes });
  await search.readExclude();
  await search.walk(root);
  return await inSteps(
    sortedInSteps(search.found, ({ path }) => path, budget),
    budget,
  );
}

/**
 * Entries are in tree order, so each folder comes before what it holds, if it is listed at all;
 * the others are made here.
 */
async function treeOf(
  entries: readonly ManifestEntry[],
  folder: string,
  budget: ReadBudget,
): Promise<Node> {
  const root: Node = { path: "", isFolder: true, children: [] };
  const open = [root];
  const add = (path: string, isFolder: boolean) => {
    budget.spend("keptBytes", nodeBytes);
    const node: Node = { path, isFolder, children: [] };
    open.at(-1)?.children.push(node);
    if (isFolder) open.push(node);
  };
  for (const entry of entries) {
    if (budget.work(30 + entry.path.length / 2)) await budget.pause();
    const path = folder === "" ? entry.path : entry.path.slice(folder.length + 1);
    while (open.length > 1 && !isBelow(path, open.at(-1)?.path ?? "")) {
      budget.work(10 + path.length / 8);
      open.pop();
    }
    const known = open.at(-1)?.path.length ?? 0;
    for (let end = path.indexOf("/", known + 1); end >= 0; end = path.indexOf("/", end + 1)) {
      if (budget.work(20)) await budget.pause();
      add(path.slice(0, end), true);
    }
    add(path, entry.type === "directory");
  }
  return root;
}

interface Known {
  readonly tracked: ReadonlySet<string>;
  /** Folders that hold something that is in the index. */
  readonly holding: ReadonlySet<string>;
  readonly changes: ChangeList;
}

class Search {
  readonly found: ChangedFile[] = [];
  readonly #repository: Repository;
  readonly #budget: ReadBudget;
  readonly #known: Known;
  /** Those of the folders that are being looked at. */
  readonly #ignores = new Map<string, IgnoreFile>();
  #exclude = noPatterns;

  constructor(repository: Repository, known: Known) {
    this.#repository = repository;
    this.#budget = repository.budget;
    this.#known = known;
  }

  async readExclude(): Promise<void> {
    this.#exclude = await this.#patternsOf(".git/info/exclude");
  }

  #inSteps<T>(steps: Generator<void, T>): Promise<T> {
    return inSteps(steps, this.#budget);
  }

  async #patternsOf(path: string): Promise<IgnoreFile> {
    const { files } = this.#repository;
    if (files.file(path) === undefined) return noPatterns;
    const text = await files.text(path, ignoreBytesMax);
    return await this.#inSteps(parseIgnore(text, this.#budget));
  }

  async walk(folder: Node): Promise<void> {
    await this.#enter(folder);
    const { tracked, holding } = this.#known;
    for (const node of folder.children) {
      if (this.#budget.work(nodeWork(node))) await this.#budget.pause();
      if (nameOf(node.path) === ".git" || tracked.has(node.path)) {
        // A folder in a file's place is looked at like any other.
        if (!node.isFolder || nameOf(node.path) === ".git" || this.#isRepository(node)) continue;
      }
      // Nothing below an ignored folder is looked at, even if the index holds some of it.
      if (await this.#isIgnored(node)) continue;
      if (!node.isFolder) this.#add(node.path);
      else if (holding.has(node.path)) await this.walk(node);
      else if (await this.#shows(node)) this.#add(`${node.path}/`);
    }
    this.#leave(folder);
  }

  #add(path: string): void {
    this.found.push(this.#known.changes.made(path, "untracked"));
  }

  /** Whether a folder without anything in the index has something that isn't ignored. */
  async #shows(folder: Node): Promise<boolean> {
    if (this.#isRepository(folder)) return true;
    await this.#enter(folder);
    const shows = await this.#showsOne(folder);
    this.#leave(folder);
    return shows;
  }

  async #showsOne({ children }: Node): Promise<boolean> {
    for (const node of children) {
      if (this.#budget.work(nodeWork(node))) await this.#budget.pause();
      if (nameOf(node.path) === ".git" || (await this.#isIgnored(node))) continue;
      if (!node.isFolder || (await this.#shows(node))) return true;
    }
    return false;
  }

  async #enter({ path }: Node): Promise<void> {
    const file = await this.#patternsOf(path === "" ? ".gitignore" : `${path}/.gitignore`);
    if (file.patterns.length > 0) this.#ignores.set(path, file);
  }

  #leave({ path }: Node): void {
    this.#budget.refund("keptBytes", this.#ignores.get(path)?.keptBytes ?? 0);
    this.#ignores.delete(path);
  }

  /** The nearest file that says something decides; its folder's own ancestors aren't ignored. */
  async #isIgnored({ path, isFolder }: Node): Promise<boolean> {
    const how = { isFolder, budget: this.#budget };
    for (let folder = folderOf(path); ; folder = folderOf(folder)) {
      if (this.#budget.work(20 + folder.length / 4)) await this.#budget.pause();
      const file = this.#ignores.get(folder);
      const below = folder === "" ? path : path.slice(folder.length + 1);
      const said = file === undefined ? null : await this.#inSteps(isIgnoredBy(file, below, how));
      if (said !== null) return said;
      if (folder === "") break;
    }
    return (await this.#inSteps(isIgnoredBy(this.#exclude, path, how))) ?? false;
  }

  #isRepository({ children }: Node): boolean {
    this.#budget.work(4 * children.length);
    const own = children.find(({ path }) => nameOf(path) === ".git");
    if (own === undefined) return false;
    this.#budget.work(4 * own.children.length);
    return !own.isFolder || own.children.some(({ path }) => nameOf(path) === "HEAD");
  }
}

function nodeWork({ path }: Node): number {
  return 20 + path.length / 4;
}
