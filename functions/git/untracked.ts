/** What isn't in the index and isn't ignored; a folder that holds nothing else is listed as one. */
import { setImmediate as breathe } from "node:timers/promises";
import {
  type IgnorePattern,
  isIgnoredBy,
  MatchWork,
  parseIgnore,
} from "#shared/core/git/ignore-patterns";
import type { GitIndex } from "#shared/core/git/parse-index";
import type { ManifestEntry } from "#shared/core/workspace/manifest";
import { withFolders } from "#shared/core/workspace/manifest";
import { compareBytewise, folderOf, isBelow, nameOf } from "#shared/core/workspace/tree-order";
import type { Repository } from "./repository.ts";

const ignoreBytesMax = 256 * 1024;
const entriesPerStep = 2_000;

interface Node {
  readonly path: string;
  readonly isFolder: boolean;
  readonly children: Node[];
}

export async function untrackedIn(repository: Repository, index: GitIndex): Promise<string[]> {
  const { files } = repository;
  const tracked = new Set<string>();
  const holding = new Set<string>();
  for (const { path } of index.entries) {
    tracked.add(path);
    for (let folder = folderOf(path); folder !== "" && !holding.has(folder); ) {
      holding.add(folder);
      folder = folderOf(folder);
    }
  }
  const root = treeOf(withFolders({ v: 2, entries: files.below("") }), files.folder);
  const search = new Search(repository, tracked, holding);
  await search.readIgnore(".git/info/exclude", "");
  await search.walk(root);
  return search.found.sort(compareBytewise);
}

/** Entries are in tree order, so each folder comes before what it holds. */
function treeOf(entries: readonly ManifestEntry[], folder: string): Node {
  const root: Node = { path: "", isFolder: true, children: [] };
  const open = [root];
  for (const entry of entries) {
    const path = folder === "" ? entry.path : entry.path.slice(folder.length + 1);
    // Folders above the repository's own are none of it.
    if (path === "" || !isBelow(entry.path, folder)) continue;
    while (open.length > 1 && !isBelow(path, open.at(-1)?.path ?? "")) open.pop();
    const node: Node = { path, isFolder: entry.type === "directory", children: [] };
    open.at(-1)?.children.push(node);
    if (node.isFolder) open.push(node);
  }
  return root;
}

class Search {
  readonly found: string[] = [];
  readonly #repository: Repository;
  readonly #tracked: ReadonlySet<string>;
  /** Folders that hold something that is in the index. */
  readonly #holding: ReadonlySet<string>;
  readonly #ignores = new Map<string, readonly IgnorePattern[]>();
  readonly #work = new MatchWork();
  #seen = 0;
  #exclude: readonly IgnorePattern[] = [];

  constructor(repository: Repository, tracked: ReadonlySet<string>, holding: ReadonlySet<string>) {
    this.#repository = repository;
    this.#tracked = tracked;
    this.#holding = holding;
  }

  async readIgnore(path: string, folder: string): Promise<void> {
    const { files } = this.#repository;
    if (files.file(path) === undefined) return;
    const patterns = parseIgnore(await files.text(path, ignoreBytesMax));
    if (path.startsWith(".git/")) this.#exclude = patterns;
    else this.#ignores.set(folder, patterns);
  }

  async walk(folder: Node): Promise<void> {
    await this.#enter(folder);
    for (const node of folder.children) {
      if (nameOf(node.path) === ".git" || this.#tracked.has(node.path)) {
        // A folder in a file's place is looked at like any other.
        if (!node.isFolder || nameOf(node.path) === ".git" || isRepository(node)) continue;
      }
      if (!node.isFolder) {
        if (!(await this.#isIgnored(node))) this.found.push(node.path);
      } else if (this.#holding.has(node.path)) await this.walk(node);
      else if (!(await this.#isIgnored(node)) && (await this.#shows(node)))
        this.found.push(`${node.path}/`);
    }
  }

  /** Whether a folder without anything in the index has something that isn't ignored. */
  async #shows(folder: Node): Promise<boolean> {
    if (isRepository(folder)) return true;
    await this.#enter(folder);
    for (const node of folder.children) {
      if (nameOf(node.path) === ".git" || (await this.#isIgnored(node))) continue;
      if (!node.isFolder || (await this.#shows(node))) return true;
    }
    return false;
  }

  async #enter({ path }: Node): Promise<void> {
    await this.readIgnore(path === "" ? ".gitignore" : `${path}/.gitignore`, path);
    this.#seen += 1;
    if (this.#seen % entriesPerStep === 0) await breathe();
  }

  /** The nearest file that says something decides; its folder's own ancestors aren't ignored. */
  async #isIgnored({ path, isFolder }: Node): Promise<boolean> {
    if (this.#work.isDue()) await breathe();
    const how = { isFolder, work: this.#work };
    for (let folder = folderOf(path); ; folder = folderOf(folder)) {
      const below = folder === "" ? path : path.slice(folder.length + 1);
      const said = isIgnoredBy(this.#ignores.get(folder) ?? [], below, how);
      if (said !== null) return said;
      if (folder === "") break;
    }
    return isIgnoredBy(this.#exclude, path, how) ?? false;
  }
}

function isRepository({ children }: Node): boolean {
  const own = children.find(({ path }) => nameOf(path) === ".git");
  if (own === undefined) return false;
  return !own.isFolder || own.children.some(({ path }) => nameOf(path) === "HEAD");
}
