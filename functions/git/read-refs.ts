/** Branches, the remote, and the commits before one. */
import type { Commit } from "#shared/core/git/parse-objects";
import { sortedInSteps } from "#shared/core/git/sort-in-steps";
import { inSteps } from "./in-steps.ts";
import type { Repository } from "./repository.ts";

/** How many commits are looked at to tell whether one was pushed. */
const ancestorsMax = 2_000;
/** Clocks differ: a commit may be dated before its parents. */
const clockSkewMs = 24 * 3_600_000;

export interface Branches {
  readonly local: readonly string[];
  readonly remote: readonly string[];
}

/** Each is listed twice in an answer: among its kind, and among all. */
const listing = { times: 2, more: 1 };

export async function branchesOf({ refs, budget }: Repository): Promise<Branches> {
  const local: string[] = [];
  const remote: string[] = [];
  for (const name of refs.keys()) {
    if (budget.work(30 + name.length / 4)) await budget.pause();
    if (/^refs\/remotes\/[^/]+\/HEAD$/.test(name)) continue;
    const prefix = prefixes.find((one) => name.startsWith(one));
    if (prefix === undefined) continue;
    const shown = name.slice(prefix.length);
    budget.answer(shown, listing);
    (prefix === "refs/heads/" ? local : remote).push(shown);
  }
  const sorted = async (names: string[]) =>
    await inSteps(
      sortedInSteps(names, (name) => name, budget),
      budget,
    );
  return { local: await sorted(local), remote: await sorted(remote) };
}

const prefixes = ["refs/heads/", "refs/remotes/"] as const;

export interface Remote {
  readonly name: string;
  /** Without the name and password that it may have. */
  readonly url: string;
}

/** Whether git can switch to it: it is a branch here, or a remote's, which becomes one. */
export function hasBranch({ config, refs }: Pick<Repository, "config" | "refs">, name: string) {
  const remotes = remoteNames(config).map((remote) => `refs/remotes/${remote}/${name}`);
  return [`refs/heads/${name}`, ...remotes].some((ref) => refs.has(ref));
}

/** The branch that one of that name can't be beside: names are files and folders to git. */
export function branchInTheWay({ refs }: Pick<Repository, "refs">, name: string): string | null {
  const heads = "refs/heads/";
  const parts = name.split("/");
  const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
  const found = above.find((one) => refs.has(heads + one));
  if (found !== undefined) return found;
  for (const ref of refs.keys()) {
    if (ref.startsWith(`${heads}${name}/`)) return ref.slice(heads.length);
  }
  return null;
}

function remoteNames(config: Repository["config"]): string[] {
  return [...config.keys()].flatMap((key) => /^remote\.(.+)\.url$/.exec(key)?.[1] ?? []);
}

/** The remote of the branch, else `origin`, else the only one. */
export function remoteOf({ config, branch }: Repository): Remote | null {
  const names = remoteNames(config);
  const ofBranch = branch === null ? undefined : config.get(`branch.${branch}.remote`);
  const name = [ofBranch, "origin", names[0]].find(
    (one) => one !== undefined && names.includes(one),
  );
  if (name === undefined) return null;
  return { name, url: withoutCredentials(config.get(`remote.${name}.url`) ?? "") };
}

/**
 * An address without the name, the password and the words of a query that it may have. A password
 * may have signs in it that belong elsewhere; where no host remains, everything up to the last `@`
 * is one.
 */
export function withoutCredentials(url: string): string {
  const scheme = /^[^/?#@]*:\/\//.exec(url)?.[0];
  if (scheme === undefined) return url;
  const rest = url.slice(scheme.length);
  const authorityEnd = rest.search(/[/?#]|$/);
  const shown = rest.slice(rest.slice(0, authorityEnd).lastIndexOf("@") + 1);
  const hasHost = /^(?:\[[0-9a-f:.%]*\]|[^:@[\]/?#]*)(?::\d*)?(?:[/?#]|$)/i.test(shown);
  const safe = hasHost ? shown : shown.slice(shown.lastIndexOf("@") + 1);
  return `${scheme}${safe.slice(0, safe.search(/[?#]|$/))}`;
}

/** Whether the branch has commits that its remote isn't known to have. */
export async function hasUnpushed(repository: Repository): Promise<boolean> {
  const { branch, head, refs, config } = repository;
  const remote = remoteOf(repository);
  if (branch === null || head === null || remote === null) return false;
  const merge = config.get(`branch.${branch}.merge`)?.replace(/^refs\/heads\//, "") ?? branch;
  const known = refs.get(`refs/remotes/${remote.name}/${merge}`);
  if (known === undefined) return true;
  if (known === head) return false;
  const since = (await repository.objects.commit(head)).committedAt - clockSkewMs;
  for await (const { oid, commit } of commitsFrom(repository, known, ancestorsMax)) {
    if (oid === head) return false;
    if (commit.committedAt < since) break;
  }
  return true;
}

interface Found {
  readonly oid: string;
  readonly commit: Commit;
}

/** What a commit takes: its parents' names, and its texts, which may be parts of longer ones. */
function sizeOf({ parents, author, message }: Commit): number {
  return 500 + 150 * parents.length + 4 * author.length + 8 * message.length;
}

/** A commit and those before it, the newest first, as `git log` lists them. */
export async function* commitsFrom(
  { objects, shallow, budget }: Repository,
  first: string,
  max: number,
): AsyncGenerator<Found> {
  const waiting: Found[] = [];
  const seen = new Set<string>();
  const add = async (oid: string) => {
    if (seen.has(oid)) return;
    seen.add(oid);
    const commit = await objects.commit(oid);
    budget.spend("keptBytes", sizeOf(commit));
    if (budget.work(50 + waiting.length)) await budget.pause();
    const older = waiting.findIndex((one) => one.commit.committedAt < commit.committedAt);
    waiting.splice(older < 0 ? waiting.length : older, 0, { oid, commit });
  };
  await add(first);
  for (let count = 0; count < max; count += 1) {
    const next = waiting.shift();
    if (next === undefined) return;
    budget.refund("keptBytes", sizeOf(next.commit));
    yield next;
    if (!shallow.has(next.oid)) for (const parent of next.commit.parents) await add(parent);
  }
}
