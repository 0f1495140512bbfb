/**
 * Collecting what an owner stores and nothing names any more: earlier versions of files, packs of
 * runs that never settled, workspaces of environments that were deleted. In two steps with hours in
 * between (ADR 33), since a pack lies there before the commit that names it, and since what is
 * stored again is found there and not stored twice:
 *
 * 1. What is old enough and unreferenced is condemned, which changes nothing yet.
 * 2. Of what was condemned long enough ago and nobody has stored again since, what is still
 *    unreferenced goes: first by a commit that says so, and that fails if somebody takes one of
 *    them off meanwhile; then from the bucket, and from the owner's usage.
 *
 * Whoever stores an object that is there takes it off the list before relying on it; one that is
 * being deleted is waited for (`store-object.ts`).
 */
import {
  deleteObject,
  listObjects,
  type ObjectKind,
  type StoredObject,
} from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import { create, patch, replace, type Snapshot, type Version } from "../store/documents.ts";
import type { Store } from "../store/store.ts";
import {
  type Condemned,
  condemnedId,
  condemnedObjects,
  storageUsageId,
  storageUsages,
} from "../store/usage.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import type { References } from "./references.ts";

export interface Collection {
  readonly store: Pick<Store, "get" | "commit">;
  now(): number;
  /** What must stay. */
  readonly referenced: () => Promise<References>;
  readonly list: (kind: ObjectKind) => AsyncIterable<readonly StoredObject[]>;
  readonly remove: (object: Pick<StoredObject, "kind" | "sha256" | "generation">) => Promise<void>;
  readonly unreferencedMs: number;
}

export interface Collected {
  readonly condemned: number;
  readonly deleted: number;
}

/** One call's work, and what one document holds. */
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

/** Does what is due of it; never less safe for being called again, at once or by two. */
export async function collectObjects(by: Collection, owner: Owner): Promise<Collected> {
  const found = await by.store.get(condemnedObjects.of(owner, condemnedId));
  const { value, version } = found;
  if (!value) return await condemn(by, owner, null);
  if (value.going.length > 0) return await finish(by, owner, { value, version });
  if (value.waiting.length === 0) return await condemn(by, owner, version);
  if (by.now() - value.condemnedAt < by.unreferencedMs) {
    await sweepAgain(by, owner, value.condemnedAt + by.unreferencedMs);
    return { condemned: 0, deleted: 0 };
  }
  const { names } = await by.referenced();
  const going = value.waiting.filter((entry) => !names.has(nameOf(entry)));
  const next: Condemned = { ...value, waiting: [], going };
  // Fails if somebody took one off since it was read, which was before it was looked at.
  const ref = condemnedObjects.of(owner, condemnedId);
  const committed = await withDeadline(by.store.commit([replace(ref, version, next)]));
  return await finish(by, owner, { value: next, version: committed });
}

async function condemn(by: Collection, owner: Owner, version: Version | null): Promise<Collected> {
  const now = by.now();
  const usage = await by.store.get(storageUsages.of(owner, storageUsageId));
  const { names, isPassing } = await by.referenced();
  const waiting: string[] = [];
  let isYoung = false;
  const total = { bytes: 0, objects: 0 };
  for (const kind of kinds) {
    for await (const page of by.list(kind)) {
      for (const object of page) {
        total.bytes += object.sizeBytes;
        total.objects += 1;
        if (names.has(`${kind}/${object.sha256}`) || waiting.length >= objectsMax) continue;
        if (now - object.storedAt < by.unreferencedMs) isYoung = true;
        else waiting.push(entryOf(object));
      }
    }
  }
  if (waiting.length > 0) {
    const ref = condemnedObjects.of(owner, condemnedId);
    const value: Condemned = { v: 1, waiting, condemnedAt: now, going: [] };
    await withDeadline(
      by.store.commit([version ? replace(ref, version, value) : create(ref, value)]),
    );
  }
  const more = waiting.length > 0 || isYoung || isPassing;
  await correct(by, usage, total);
  await sweepAgain(by, owner, more ? now + by.unreferencedMs : null);
  return { condemned: waiting.length, deleted: 0 };
}

/** Also for a process that died over it: what it has deleted is gone, and is passed over. */
async function finish(
  by: Collection,
  owner: Owner,
  { value, version }: { readonly value: Condemned; readonly version: Version },
): Promise<Collected> {
  const sizes = await sizesOf(by, value.going);
  let [bytes, objects] = [0, 0];
  for (const entry of value.going) {
    const sizeBytes = sizes.get(entry);
    await by.remove(objectOf(entry));
    if (sizeBytes === undefined) continue;
    bytes += sizeBytes;
    objects += 1;
  }
  const increments = { bytes: 0 - bytes, objects: 0 - objects };
  const list = condemnedObjects.of(owner, condemnedId);
  const usage = storageUsages.of(owner, storageUsageId);
  await withDeadline(
    by.store.commit([
      replace(list, version, { ...value, going: [] }),
      patch(usage, { sweepAt: by.now() }, { increments, mustExist: true }),
    ]),
  );
  return { condemned: 0, deleted: objects };
}

async function sizesOf(by: Collection, going: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const wanted = new Set(going);
  for (const kind of kinds) {
    if (!going.some((entry) => entry.startsWith(`${kind}/`))) continue;
    for await (const page of by.list(kind)) {
      for (const object of page) {
        const entry = entryOf(object);
        if (wanted.has(entry)) sizes.set(entry, object.sizeBytes);
      }
    }
  }
  return sizes;
}

/**
 * Counts what a process that died has left counted. Only if nobody has stored anything for a while:
 * what is counted and not yet stored would be missing.
 */
async function correct(
  by: Collection,
  { ref, version }: Snapshot<typeof storageUsages.schema>,
  total: { readonly bytes: number; readonly objects: number },
): Promise<void> {
  if (!version || by.now() - version.toMillis() < quietMs) return;
  await withDeadline(by.store.commit([patch(ref, total, { version })])).catch((error: unknown) => {
    if (!isConflict(error)) throw error;
  });
}

async function sweepAgain(by: Collection, owner: Owner, sweepAt: number | null): Promise<void> {
  const ref = storageUsages.of(owner, storageUsageId);
  await withDeadline(by.store.commit([patch(ref, { sweepAt }, { mustExist: true })]));
}

/** How an object stands in the list. */
export function entryOf({
  kind,
  sha256,
  generation,
}: Omit<StoredObject, "sizeBytes" | "storedAt">) {
  return `${kind}/${sha256}#${generation}`;
}

/** Without its generation. */
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
