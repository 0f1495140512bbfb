/** Finds the stored objects that an owner's workspaces need, which must not be deleted. */
import { LRUCache } from "lru-cache";
import { packsOf } from "../core/workspace/manifest.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { type Environment, environments } from "../store/environments.ts";
import { type Execution, executions, hasEnded } from "../store/executions.ts";
import { accountId, accounts } from "../store/owners.ts";
import type { Cursor } from "../store/queries.ts";
import type { ReadSnapshot } from "../store/read-snapshot.ts";
import { type WorkspaceSnapshot, workspaceSnapshots } from "../store/snapshots.ts";
import type { Store } from "../store/store.ts";
import { readManifest } from "../workspace/manifests.ts";

const pageMax = 100;
/** The packs of manifests that were read, so that the next sweep needn't read them again. */
const cachedPacks = new LRUCache<string, readonly string[]>({ maxSize: 200_000 });

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
 * @throws {ManifestError} If a manifest can't be read: what it needs is unknown, so nothing of its
 * owner may be deleted.
 */
export async function referencedObjects(
  store: Store,
  owner: Owner,
  isLate: () => boolean = () => false,
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
  const names = new Set<string>();
  // They are read one after another, since each may list a hundred thousand files.
  for (const sha256 of manifests) {
    if (isLate()) throw new Error("an owner's manifests can't all be read in one call");
    names.add(`manifests/${sha256}`);
    for (const pack of await packsOfManifest(owner, sha256)) names.add(`packs/${pack}`);
  }
  return { names, hasTemporary: bases.length > 0 };
}

/** A manifest is named by its content, so its packs can be remembered. */
async function packsOfManifest(owner: Owner, sha256: string): Promise<readonly string[]> {
  const key = `${owner.id}/${sha256}`;
  const known = cachedPacks.get(key);
  if (known) return known;
  const packs = await packsNeeded(owner, sha256);
  if (packs === "gone") return [];
  cachedPacks.set(key, packs, { size: 1 + packs.length });
  return packs;
}

/** `gone` for a missing manifest, from which nothing can be restored and which needs no packs. */
async function packsNeeded(owner: Owner, sha256: string): Promise<readonly string[] | "gone"> {
  try {
    return [...packsOf(await readManifest(owner, sha256, null))];
  } catch (error) {
    if (error instanceof ApiError && error.code === "NOT_FOUND") return "gone";
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
export function baseManifests(execution: Execution): string[] {
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
  const heads: string[] = [];
  let after: Cursor | null = null;
  for (;;) {
    const request = { field: "createdAt", after, limit: pageMax };
    const page: Awaited<ReturnType<typeof pageOf>> = await pageOf(snapshot, owner, request);
    heads.push(...page.flatMap(({ value }) => workspaceManifests(value)));
    const last = page.at(-1);
    if (!last || page.length < pageMax) return heads;
    after = { value: last.value.createdAt, id: last.value.id };
  }
}

/** The manifests of the snapshots of workspaces, and those that they are compared with. */
async function keptOf(snapshot: ReadSnapshot, owner: Owner): Promise<readonly string[]> {
  const all = workspaceSnapshots.all(owner);
  const kept: string[] = [];
  for (let after: Cursor | null = null; ; ) {
    const request = { field: "createdAt", after, limit: pageMax };
    const page: Awaited<ReturnType<typeof snapshot.next<typeof all.schema>>> = await snapshot.next(
      all,
      request,
    );
    kept.push(...page.flatMap(({ value }) => snapshotManifests(value)));
    const last = page.at(-1);
    if (!last || page.length < pageMax) return kept;
    after = { value: last.value.createdAt, id: last.value.id };
  }
}

async function pageOf(
  snapshot: ReadSnapshot,
  owner: Owner,
  request: { readonly field: string; readonly after: Cursor | null; readonly limit: number },
) {
  return await snapshot.next(environments.all(owner), request);
}

/** The bases of unfinished executions. The account names these, since each holds money. */
async function basesOf(snapshot: ReadSnapshot, owner: Owner): Promise<readonly string[]> {
  const { value } = await snapshot.get(accounts.of(owner, accountId));
  const ids = Object.keys(value?.holds ?? {});
  const found = await snapshot.getAll(ids.map((id) => executions.of(owner, id)));
  return found.flatMap(({ value }) => (value ? baseManifests(value) : []));
}
