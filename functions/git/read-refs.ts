/** Branches, the remote, and the commits before one. */
import type { Commit } from "#shared/core/git/parse-objects";
import type { Repository } from "./repository.ts";

/** How many commits are looked at to tell whether one was pushed. */
const ancestorsMax = 2_000;
/** Clocks differ: a commit may be dated before its parents. */
const clockSkewMs = 24 * 3_600_000;

export interface Branches {
  readonly local: readonly string[];
  readonly remote: readonly string[];
}

export function branchesOf({ refs }: Repository): Branches {
  const below = (prefix: string) =>
    [...refs.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const remote = below("refs/remotes/").filter((name) => !/^[^/]+\/HEAD$/.test(name));
  return { local: below("refs/heads/"), remote };
}

export interface Remote {
  readonly name: string;
  /** Without the name and password that it may have. */
  readonly url: string;
}

/** The remote of the branch, else `origin`, else the only one. */
export function remoteOf({ config, branch }: Repository): Remote | null {
  const names = [...config.keys()].flatMap((key) => {
    const match = /^remote\.(.+)\.url$/.exec(key);
    return match?.[1] === undefined ? [] : [match[1]];
  });
  const ofBranch = branch === null ? undefined : config.get(`branch.${branch}.remote`);
  const name = [ofBranch, "origin", names[0]].find(
    (one) => one !== undefined && names.includes(one),
  );
  if (name === undefined) return null;
  return { name, url: withoutCredentials(config.get(`remote.${name}.url`) ?? "") };
}

export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1");
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

/** A commit and those before it, the newest first, as `git log` lists them. */
export async function* commitsFrom(
  { objects, shallow }: Repository,
  first: string,
  max: number,
): AsyncGenerator<Found> {
  const waiting: Found[] = [];
  const seen = new Set<string>();
  const add = async (oid: string) => {
    if (seen.has(oid)) return;
    seen.add(oid);
    const commit = await objects.commit(oid);
    const older = waiting.findIndex((one) => one.commit.committedAt < commit.committedAt);
    waiting.splice(older < 0 ? waiting.length : older, 0, { oid, commit });
  };
  await add(first);
  for (let count = 0; count < max; count += 1) {
    const next = waiting.shift();
    if (next === undefined) return;
    yield next;
    if (!shallow.has(next.oid)) for (const parent of next.commit.parents) await add(parent);
  }
}
