/**
 * Collects an owner's unreferenced objects: earlier versions of files, packs of runs that never
 * settled, workspaces of deleted environments. It takes two steps with hours in between (ADR 33),
 * because a pack is stored before the commit that names it, and because storing an existing object
 * again doesn't write it:
 *
 * 1. Unreferenced objects that are old enough are condemned, which changes nothing yet.
 * 2. Objects that were condemned long enough ago, weren't stored again and are still unreferenced
 * are deleted: first a commit says so, which fails if one is taken off the list meanwhile; then
 * they go from the bucket and from the owner's usage.
 *
 * Storing an existing object takes it off the list first, and waits if it is being deleted
 * (`store-object.ts`).
 */
import {
  deleteObject,
  listObjects,
  type ObjectKind,
  type StoredObject,
} from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import { answered, isConflict } from "../store/answered.ts";
import { create, patch, replace, type Snapshot, type Version } from "../store/documents.ts";
import type { Store } from "../store/store.ts";
import {
  type Condemned,
  condemnedId,
  condemnedObjects,
  storageUsageId,
  storageUsages,
} from "../store/usage.ts";
import type { References } from "./references.ts";

export interface Collection {
  readonly store: Pick<Store, "get" | "commit">;
  now(): number;
  /** The objects that must stay. */
  readonly referenced: () => Promise<References>;
  readonly list: (kind: ObjectKind) => AsyncIterable<readonly StoredObject[]>;
  readonly remove: (object: Pick<StoredObject, "kind" | "sha256" | "generation">) => Promise<void>;
  readonly unreferencedMs: number;
}

export interface Collected {
  readonly condemned: number;
  readonly deleted: number;
}

/** The most objects in one call and in one document. */
const objectsMax = 2_000;
/** Longer than any request that stores something. */
const quietMs = 10 * 60_000;
const kinds = ["packs", "manifests"] as const;

export function realCollection(
  deps: { readonly store: Store; now(): number },
  owner: Owner,
  how: Pick<Collection, "referenced" | "unreferencedMs">,
): Collection {
  return {
    store: deps.store,
    now: deps.now,
    list: (kind) => listObjects(owner, kind),
    remove: (object) => deleteObject(owner, object),
    ...how,
  };
}

/** Does what is due. Calling it again, or twice at once, is safe. */
export async function collectObjects(collection: Collection, owner: Owner): Promise<Collected> {
  const found = await collection.store.get(condemnedObjects.of(owner, condemnedId));
  const { value, version } = found;
  if (!value) return await condemn(collection, owner, null);
  if (value.going.length > 0) return await finish(collection, owner, { value, version });
  if (value.waiting.length === 0) return await condemn(collection, owner, version);
  if (collection.now() - value.condemnedAt < collection.unreferencedMs) {
    await sweepAgain(collection, owner, value.condemnedAt + collection.unreferencedMs);
    return { condemned: 0, deleted: 0 };
  }
  const { names } = await collection.referenced();
  const going = value.waiting.filter((entry) => !names.has(nameOf(entry)));
  const next: Condemned = { ...value, waiting: [], going };
  // Fails if an object was taken off the list since it was read, which was before the check.
  const ref = condemnedObjects.of(owner, condemnedId);
  const committed = await answered(collection.store.commit([replace(ref, version, next)]));
  return await finish(collection, owner, { value: next, version: committed });
}

async function condemn(
  collection: Collection,
  owner: Owner,
  version: Version | null,
): Promise<Collected> {
  const now = collection.now();
  const usage = await collection.store.get(storageUsages.of(owner, storageUsageId));
  const { names, isPassing } = await collection.referenced();
  const waiting: string[] = [];
  let isYoung = false;
  const total = { bytes: 0, objects: 0 };
  for (const kind of kinds) {
    for await (const page of collection.list(kind)) {
      for (const object of page) {
        total.bytes += object.sizeBytes;
        total.objects += 1;
        if (names.has(`${kind}/${object.sha256}`) || waiting.length >= objectsMax) continue;
        if (now - object.storedAt < collection.unreferencedMs) isYoung = true;
        else waiting.push(entryOf(object));
      }
    }
  }
  if (waiting.length > 0) {
    const ref = condemnedObjects.of(owner, condemnedId);
    const value: Condemned = { v: 1, waiting, condemnedAt: now, going: [] };
    await answered(
      collection.store.commit([version ? replace(ref, version, value) : create(ref, value)]),
    );
  }
  const more = waiting.length > 0 || isYoung || isPassing;
  await correct(collection, usage, total);
  await sweepAgain(collection, owner, more ? now + collection.unreferencedMs : null);
  return { condemned: waiting.length, deleted: 0 };
}

/** Also finishes for a process that died: objects it has deleted are gone and are skipped. */
async function finish(
  collection: Collection,
  owner: Owner,
  { value, version }: { readonly value: Condemned; readonly version: Version },
): Promise<Collected> {
  const sizes = await sizesOf(collection, value.going);
  let [bytes, objects] = [0, 0];
  for (const entry of value.going) {
    const sizeBytes = sizes.get(entry);
    await collection.remove(objectOf(entry));
    if (sizeBytes === undefined) continue;
    bytes += sizeBytes;
    objects += 1;
  }
  const increments = { bytes: 0 - bytes, objects: 0 - objects };
  const list = condemnedObjects.of(owner, condemnedId);
  const usage = storageUsages.of(owner, storageUsageId);
  await answered(
    collection.store.commit([
      replace(list, version, { ...value, going: [] }),
      patch(usage, { sweepAt: collection.now() }, { increments, mustExist: true }),
    ]),
  );
  return { condemned: 0, deleted: objects };
}

async function sizesOf(
  collection: Collection,
  going: readonly string[],
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const wanted = new Set(going);
  for (const kind of kinds) {
    if (!going.some((entry) => entry.startsWith(`${kind}/`))) continue;
    for await (const page of collection.list(kind)) {
      for (const object of page) {
        const entry = entryOf(object);
        if (wanted.has(entry)) sizes.set(entry, object.sizeBytes);
      }
    }
  }
  return sizes;
}

/**
 * Corrects counts that a dead process left behind. Runs only if nothing was stored for a while,
 * since an object that is counted but not yet stored would look missing.
 */
async function correct(
  collection: Collection,
  { ref, version }: Snapshot<typeof storageUsages.schema>,
  total: { readonly bytes: number; readonly objects: number },
): Promise<void> {
  if (!version || collection.now() - version.toMillis() < quietMs) return;
  await answered(collection.store.commit([patch(ref, total, { version })])).catch(
    (error: unknown) => {
      if (!isConflict(error)) throw error;
    },
  );
}

async function sweepAgain(
  collection: Collection,
  owner: Owner,
  sweepAt: number | null,
): Promise<void> {
  const ref = storageUsages.of(owner, storageUsageId);
  await answered(collection.store.commit([patch(ref, { sweepAt }, { mustExist: true })]));
}

/** An object's entry in the list. */
export function entryOf({
  kind,
  sha256,
  generation,
}: Omit<StoredObject, "sizeBytes" | "storedAt">) {
  return `${kind}/${sha256}#${generation}`;
}

/** The entry without its generation. */
export function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf("#"));
}

function objectOf(entry: string): Pick<StoredObject, "kind" | "sha256" | "generation"> {
  const [kind = "", sha256 = ""] = nameOf(entry).split("/");
  return {
    kind: kind === "packs" ? "packs" : "manifests",
    sha256,
    generation: entry.slice(entry.indexOf("#") + 1),
  };
}
