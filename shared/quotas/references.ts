/** Finds the stored objects that an owner's workspaces need, which must not be deleted. */
import { LRUCache } from "lru-cache";
import type * as z from "zod";
import { packsOf } from "../core/workspace/manifest.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { type Environment, environments } from "../store/environments.ts";
import { executions, hasEnded } from "../store/executions.ts";
import { accountId, accounts } from "../store/owners.ts";
import type { Cursor } from "../store/queries.ts";
import type { ReadSnapshot, SnapshotPage } from "../store/read-snapshot.ts";
import { type WorkspaceSnapshot, workspaceSnapshots } from "../store/snapshots.ts";
import type { Store } from "../store/store.ts";
import { readManifest } from "../workspace/manifests.ts";

/** Documents of a page. An environment's layers may be long. */
const pageMax = { environments: 20, snapshots: 100 };
/** The packs of manifests that were read, so that the next sweep needn't read them again. */
const cachedPacks = new LRUCache<string, readonly string[]>({ maxSize: 200_000 });
/** What is read of documents, whose other fields make up to a megabyte each. */
const Heads = environments.schema.pick({
  id: true,
  createdAt: true,
  workspace: true,
  layers: true,
});
const Kept = workspaceSnapshots.schema.pick({
  id: true,
  createdAt: true,
  head: true,
  baseManifestSha256: true,
});
const Bases = executions.schema.pick({
  status: true,
  baseManifestSha256: true,
  basePreviousManifestSha256: true,
  layer: true,
});

/** What was found of an owner whose manifests take more than one call. */
interface Begun {
  /** The manifests that were read. */
  readonly manifests: Set<string>;
  /** The packs of all of them: each is named once, however many manifests need it. */
  readonly packs: Set<string>;
}
/**
 * Without these, an owner with many manifests would never have all of them read: the packs of the
 * first would be forgotten by the time of the last, in each call again.
 */
const begunWalks = new LRUCache<string, Begun>({
  maxSize: 600_000,
  sizeCalculation: ({ manifests, packs }) => 1 + manifests.size + packs.size,
});

export interface References {
  /** Entries have the form `kind/sha256`. */
  readonly names: ReadonlySet<string>;
  /** Whether some are needed only by unfinished executions, and may soon be unreferenced. */
  readonly hasTemporary: boolean;
}

/**
 * Names all objects that must stay: those of each workspace as it is now and as it was before its
 * last change, those of layers and of workspaces' snapshots, and those that unfinished executions
 * started from, because they may still save. All are read at one moment. A later workspace consists
 * of these objects, and of objects that are stored or taken off the list of condemned ones in the
 * meantime.
 * @param isLate Whether this call must stop reading; the next one continues.
 * @param read Reads a manifest; tests pass their own.
 * @throws {ManifestError} If a manifest can't be read: what it needs is unknown, so nothing of its
 * owner may be deleted.
 */
export async function referencedObjects(
  store: Store,
  owner: Owner,
  isLate: () => boolean = () => false,
  read: typeof readManifest = readManifest,
): Promise<References> {
  const [heads, kept, bases] = await store.withSnapshot(
    async (snapshot) =>
      [
        await headsOf(snapshot, owner),
        await keptOf(snapshot, owner),
        await basesOf(snapshot, owner),
      ] as const,
  );
  const manifests = new Set([...heads, ...kept, ...bases]);
  const packs = await packsOfAll(owner, manifests, { isLate, read });
  const names = new Set([...manifests].map((sha256) => `manifests/${sha256}`));
  for (const pack of packs) names.add(`packs/${pack}`);
  return { names, hasTemporary: bases.length > 0 };
}

/**
 * The packs of all of the manifests. A call that is late leaves what it has found to the next one.
 * Those of a manifest that nothing needs any more by then stay a while longer.
 */
async function packsOfAll(
  owner: Owner,
  manifests: ReadonlySet<string>,
  { isLate, read }: { readonly isLate: () => boolean; readonly read: typeof readManifest },
): Promise<ReadonlySet<string>> {
  const begun = begunWalks.get(owner.id) ?? { manifests: new Set(), packs: new Set() };
  begunWalks.delete(owner.id);
  try {
    // They are read one after another, since each may list a hundred thousand files.
    for (const sha256 of manifests) {
      if (begun.manifests.has(sha256)) continue;
      if (isLate()) throw new Error("an owner's manifests can't all be read in one call");
      const packs = await packsOfManifest(owner, sha256, read);
      for (const pack of packs ?? []) begun.packs.add(pack);
      // One that is missing now may be stored again.
      if (packs) begun.manifests.add(sha256);
    }
    return begun.packs;
  } catch (cause) {
    begunWalks.set(owner.id, begun);
    throw cause;
  }
}

/**
 * Null for a missing manifest, from which nothing can be restored and which needs no packs. A
 * manifest is named by its content, so its packs can be remembered.
 */
async function packsOfManifest(
  owner: Owner,
  sha256: string,
  read: typeof readManifest,
): Promise<readonly string[] | null> {
  const key = `${owner.id}/${sha256}`;
  const known = cachedPacks.get(key);
  if (known) return known;
  try {
    const packs = [...packsOf(await read(owner, sha256, null))];
    cachedPacks.set(key, packs, { size: 1 + packs.length });
    return packs;
  } catch (error) {
    if (error instanceof ApiError && error.code === "NOT_FOUND") return null;
    throw error;
  }
}

/** The digests of an environment's manifests: the newest, its fallback, and its layers. */
export function workspaceManifests({
  workspace,
  layers,
}: Pick<Environment, "workspace" | "layers">): string[] {
  const built = layers.map(({ manifestSha256 }) => manifestSha256);
  if (workspace === null) return built;
  return [...known(workspace.manifestSha256, workspace.previousManifestSha256), ...built];
}

/** The digests of the manifests that an unfinished execution started from, and of its layer. */
export function baseManifests(execution: z.output<typeof Bases>): string[] {
  if (hasEnded(execution)) return [];
  const { baseManifestSha256, basePreviousManifestSha256, layer } = execution;
  return known(baseManifestSha256, basePreviousManifestSha256, layer?.manifestSha256 ?? null);
}

/** The digests of the manifests that a snapshot needs: its own, and what it is compared with. */
export function snapshotManifests({
  head,
  baseManifestSha256,
}: Pick<WorkspaceSnapshot, "head" | "baseManifestSha256">): string[] {
  return known(head?.manifestSha256 ?? null, baseManifestSha256);
}

function known(...digests: readonly (string | null)[]): string[] {
  return digests.filter((digest) => digest !== null);
}

async function headsOf(snapshot: ReadSnapshot, owner: Owner): Promise<readonly string[]> {
  const all = environments.all(owner);
  const found = await allOf(
    async (page) => await snapshot.nextParts(all, Heads, page),
    pageMax.environments,
  );
  return found.flatMap(workspaceManifests);
}

/** The manifests of the snapshots of workspaces, and those that they are compared with. */
async function keptOf(snapshot: ReadSnapshot, owner: Owner): Promise<readonly string[]> {
  const all = workspaceSnapshots.all(owner);
  const found = await allOf(
    async (page) => await snapshot.nextParts(all, Kept, page),
    pageMax.snapshots,
  );
  return found.flatMap(snapshotManifests);
}

/** All documents of a walk, page by page. */
async function allOf<T extends { readonly id: string; readonly createdAt: number }>(
  read: (page: SnapshotPage) => Promise<readonly T[]>,
  limit: number,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let after: Cursor | null = null; ; ) {
    const page: readonly T[] = await read({ field: "createdAt", after, limit });
    all.push(...page);
    const last = page.at(-1);
    if (!last || page.length < limit) return all;
    after = { value: last.createdAt, id: last.id };
  }
}

/** The bases of unfinished executions. The account names these, since each holds money. */
async function basesOf(snapshot: ReadSnapshot, owner: Owner): Promise<readonly string[]> {
  const { value } = await snapshot.get(accounts.of(owner, accountId));
  const ids = Object.keys(value?.holds ?? {});
  const refs = ids.map((id) => executions.of(owner, id));
  return (await snapshot.getParts(Bases, refs)).flatMap(baseManifests);
}
