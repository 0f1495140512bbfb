/** Opens a repository of a stored workspace, unless it is of a kind that isn't read here. */
import { GitFault } from "#shared/core/git/git-fault";
import { type GitConfig, isTrue, parseConfig } from "#shared/core/git/parse-config";
import { parsePackedRefs, parseRef, parseShallow } from "#shared/core/git/parse-refs";
import type { ReadBudget } from "#shared/core/git/read-budget";
import { inSteps } from "./in-steps.ts";
import { ObjectReader } from "./object-reader.ts";
import type { RepositoryFiles } from "./repository-files.ts";

const configBytesMax = 256 * 1024;
const refBytesMax = 4 * 1024;
const packedRefsBytesMax = 4 * 1024 * 1024;
const looseRefsMax = 2_000;
const linksMax = 5;
/** What a reference, or the name of another one, takes in maps: at most its file and an entry. */
const looseRefBytes = 2 * refBytesMax + 200;

/** Extensions that change nothing of what is read here. */
const harmless = new Set(["noop", "preciousobjects", "relativeworktrees"]);

export interface Repository {
  readonly files: RepositoryFiles;
  /** What everything that is read of it, or made of that, is drawn from. */
  readonly budget: ReadBudget;
  readonly objects: ObjectReader;
  readonly config: GitConfig;
  /** The branch that is checked out, even if it has no commit; null if a commit itself is. */
  readonly branch: string | null;
  /** Null if there is no commit yet. */
  readonly head: string | null;
  readonly refs: ReadonlyMap<string, string>;
  /** Commits whose parents were left out. */
  readonly shallow: ReadonlySet<string>;
}

/**
 * @returns A sentence that says why, if there is no repository.
 * @throws {GitFault} If there is one, but it can't be read here.
 */
export async function openRepository(files: RepositoryFiles): Promise<Repository | string> {
  const { type } = files.entry(".git") ?? { type: "directory" };
  if (type === "symlink") return "There is no repository: `.git` is a link, which isn't followed.";
  if (type === "file") {
    return "There is no repository: `.git` names one elsewhere, which isn't followed.";
  }
  const head = parseRef(await files.text(".git/HEAD", refBytesMax));
  if (head === null) return "There is no repository: nothing has been cloned or initialised here.";
  const { budget } = files;
  const config = await inSteps(
    parseConfig(await files.text(".git/config", configBytesMax), budget),
    budget,
  );
  requireReadable(config);
  const alternates = await files.text(".git/objects/info/alternates", refBytesMax);
  if (alternates.trim() !== "") {
    throw new GitFault("The repository borrows objects of another one, which isn't followed.");
  }
  const refs = await readRefs(files);
  const branch = "name" in head ? branchOf(head.name) : null;
  const oid = "oid" in head ? head.oid : (refs.get(head.name) ?? null);
  const shallow = await files.text(".git/shallow", packedRefsBytesMax);
  return {
    files,
    budget,
    objects: new ObjectReader(files),
    config,
    branch,
    head: oid,
    refs,
    shallow: await inSteps(parseShallow(shallow, budget), budget),
  };
}

function requireReadable(config: GitConfig): void {
  const refuse = (why: string): never => {
    throw new GitFault(`The repository ${why}, which isn't read here.`);
  };
  if (config.get("extensions.objectformat")?.toLowerCase() === "sha256") {
    refuse("names its objects by SHA-256");
  }
  if (Number(config.get("core.repositoryformatversion") ?? 0) > 1) refuse("has a newer format");
  if (config.has("core.worktree")) refuse("has its files in another folder (`core.worktree`)");
  if (isTrue(config.get("core.bare"))) refuse("is bare");
  for (const [key, value] of config) {
    if (!key.startsWith("extensions.")) continue;
    const [, name = ""] = key.split(".", 2);
    if (harmless.has(name)) continue;
    if (name === "objectformat" && value.toLowerCase() === "sha1") continue;
    refuse("uses an extension of git's format");
  }
}

/** The commits that branches and tags point to, by their full names. */
async function readRefs(files: RepositoryFiles): Promise<ReadonlyMap<string, string>> {
  const { budget } = files;
  const packed = await files.text(".git/packed-refs", packedRefsBytesMax);
  const refs = await inSteps(parsePackedRefs(packed, budget), budget);
  const prefix = files.pathOf(".git/").length;
  const loose = ["heads", "remotes"]
    .flatMap((kind) => files.below(`.git/refs/${kind}`))
    .filter(({ type }) => type === "file");
  if (loose.length > looseRefsMax) {
    throw new GitFault(
      `The repository has more than ${looseRefsMax} branches in files of their own.`,
    );
  }
  const links = new Map<string, string>();
  for (const { path } of loose) {
    const name = path.slice(prefix);
    const target = parseRef(await files.text(`.git/${name}`, refBytesMax));
    if (target === null) continue;
    budget.keepText(name, looseRefBytes);
    if ("oid" in target) refs.set(name, target.oid);
    else links.set(name, target.name);
  }
  for (const [name, first] of links) {
    let target: string | undefined = first;
    for (let count = 0; count < linksMax && target !== undefined && links.has(target); count += 1) {
      target = links.get(target);
    }
    refs.delete(name);
    const oid = target === undefined ? undefined : refs.get(target);
    // A name for another name, such as a remote's HEAD, is no branch of its own.
    if (oid !== undefined && name.startsWith("refs/heads/")) refs.set(name, oid);
  }
  return refs;
}

export function branchOf(name: string): string | null {
  return name.startsWith("refs/heads/") ? name.slice("refs/heads/".length) : null;
}
