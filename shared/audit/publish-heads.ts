/**
 * Brings new heads into the map of all heads, and makes the epoch that the log gets next. That is
 * one commit, under the versions of everything that it changes. The epoch is fixed from then on: it
 * can only be signed.
 */

import { type AuditEpoch, headValue } from "../core/audit/heads.ts";
import {
  bucketOf,
  bucketRoot,
  bucketsCount,
  emptySubtree,
  type MapEntry,
  mapRoot,
  withEntry,
} from "../core/audit/heads-map.ts";
import { isFrontier, rootOf } from "../core/audit/merkle-tree.ts";
import { hexOf } from "../core/audit/proven-head.ts";
import type { CallTurn } from "../core/call-turn.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import {
  type AuditLog,
  type AuditMap,
  AuditTree,
  auditBuckets,
  auditMapId,
  auditMaps,
  auditTrees,
} from "../store/audit-trees.ts";
import { createOrReplace, patch, replace, type Snapshot, type Write } from "../store/documents.ts";
import { type FoundDocument, requireFound } from "../store/read-document.ts";
import { isUnavailableError } from "../store/with-deadline.ts";
import { loadOrCreate } from "./load-or-create.ts";
import { readFrontier } from "./sequence-rows.ts";
import type { SequencerDeps } from "./sequencer-deps.ts";

/** Heads per epoch. They are found by position, so most of them share few buckets. */
const headsMax = 200;
/** A full bucket is one MiB, and a commit takes 10. */
const bucketsPerEpoch = 8;
const secretBytes = 32;
const positionBytes = 32;

type TreeFound = FoundDocument<typeof AuditTree>;
type Bucket = Snapshot<(typeof auditBuckets)["schema"]>;

/** The map, which is made with a new secret if there is none. */
export async function loadMap(deps: SequencerDeps): Promise<FoundDocument<typeof AuditMap>> {
  return await loadOrCreate(deps, auditMaps.doc(auditMapId), () => ({
    v: 1,
    secret: deps.random(secretBytes).toString("hex"),
    bucketRoots: Array.from({ length: bucketsCount }, () => emptySubtree.toString("hex")),
  }));
}

/**
 * @param log Its last epoch is signed, so `open` is null.
 * @returns The number of heads that the new epoch brings; 0 if there was nothing to bring.
 */
export async function publishHeads(
  deps: SequencerDeps,
  log: FoundDocument<typeof AuditLog>,
  turn: CallTurn,
): Promise<number> {
  const { store, now } = deps;
  const all = firstBuckets(
    (await findHeads(deps)).flatMap(({ ref, ...one }) => {
      if (one.found && hasFrontier(one.found)) return [one.found];
      const cause = one.found ? null : one.cause;
      turn.report("a tree can't be read, so it isn't published", cause, { path: ref.path });
      return [];
    }),
  );
  if (all.length === 0) return 0;
  const map = requireFound(await store.get(auditMaps.doc(auditMapId)));
  const buckets = await readBuckets(deps, map.value, [...new Set(all.map(bucketNumber))], turn);
  const numbers = buckets.map(({ number }) => number);
  const trees = all.filter((tree) => numbers.includes(bucketNumber(tree)));
  if (trees.length === 0) return 0;
  const entries = buckets.map(({ bucket, number }) => bucketWith(bucket, trees, number));
  const roots = map.value.bucketRoots.map((root, number) => {
    const changed = entries[numbers.indexOf(number)];
    return changed ? bucketRoot(changed) : Buffer.from(root, "hex");
  });
  const epoch: AuditEpoch = {
    v: 1,
    number: log.value.size,
    // A clock that went back doesn't make an epoch older than the one before.
    at: Math.max(now(), log.value.lastAt),
    mapRoot: mapRoot(roots).toString("hex"),
  };
  await store.commitWithoutRetry([
    replace(log.ref, log.version, { ...log.value, open: epoch }),
    replace(map.ref, map.version, {
      ...map.value,
      bucketRoots: roots.map((root) => root.toString("hex")),
    }),
    ...buckets.map(({ bucket: { ref, version } }, index) =>
      createOrReplace(ref, version, storedBucket(entries[index] ?? [])),
    ),
    ...trees.map((tree) => markPublished(tree, epoch.number)),
  ]);
  return trees.length;
}

/**
 * Heads that the map doesn't have, by position from a random one on and around. If they were taken
 * from the lowest on, owners with high positions would wait for ever while there are many.
 */
async function findHeads({ store, random }: SequencerDeps) {
  const source = { collectionGroup: auditTrees.name, schema: AuditTree };
  const start = random(positionBytes).toString("hex");
  const field = "unpublished";
  const first = await store.findDue(source, { field, after: start, limit: headsMax });
  const limit = headsMax - first.length;
  if (limit === 0) return first;
  return [...first, ...(await store.findDue(source, { field, after: "", upTo: start, limit }))];
}

/** The trees of the first buckets, as many as a commit may change. */
function firstBuckets(trees: readonly TreeFound[]): readonly TreeFound[] {
  const numbers = [...new Set(trees.map(bucketNumber))].slice(0, bucketsPerEpoch);
  return trees.filter((tree) => numbers.includes(bucketNumber(tree)));
}

/** A damaged tree mustn't keep the heads of the others from being published. */
function hasFrontier({ value }: TreeFound): boolean {
  return isFrontier({
    size: value.size,
    roots: value.roots.map((root) => Buffer.from(root, "hex")),
  });
}

/**
 * The buckets that are as the map has them. What somebody has changed in another isn't signed: its
 * owners' heads wait until a person has looked at it, and nobody else's do.
 */
async function readBuckets(
  { store }: SequencerDeps,
  { bucketRoots }: AuditMap,
  numbers: readonly number[],
  { report }: CallTurn,
) {
  const read = async (number: number) => {
    const ref = auditBuckets.doc(String(number));
    const damaged = (cause: unknown) => {
      if (isUnavailableError(cause)) throw cause;
      report("a bucket isn't the one that was published", cause, { path: ref.path });
      return [];
    };
    try {
      const bucket = await store.get(ref);
      const isSame = hexOf(bucketRoot(entriesOf(bucket))) === bucketRoots[number];
      return isSame ? [{ number, bucket }] : damaged(null);
    } catch (cause) {
      return damaged(cause);
    }
  };
  return (await allInOrder(numbers.map(read))).flat();
}

function positionOf({ value }: TreeFound): Buffer {
  return Buffer.from(value.unpublished ?? "", "hex");
}

function bucketNumber(tree: TreeFound): number {
  return bucketOf(positionOf(tree));
}

function headOf({ value }: TreeFound) {
  const root = rootOf(readFrontier(value)).toString("hex");
  return { v: 1, ownerId: value.ownerId, size: value.size, root } as const;
}

function entriesOf({ value }: Bucket): readonly MapEntry[] {
  return (value?.entries ?? []).map((entry) => ({
    position: Buffer.from(entry.position, "hex"),
    value: Buffer.from(entry.value, "hex"),
  }));
}

/** A bucket's entries with the heads of those of `trees` that belong to it. */
function bucketWith(
  bucket: Bucket,
  trees: readonly TreeFound[],
  number: number,
): readonly MapEntry[] {
  return trees
    .filter((tree) => bucketNumber(tree) === number)
    .map((tree) => ({ position: positionOf(tree), value: headValue(headOf(tree)) }))
    .reduce<readonly MapEntry[]>(withEntry, entriesOf(bucket));
}

function storedBucket(entries: readonly MapEntry[]) {
  return {
    v: 1 as const,
    entries: entries.map(({ position, value }) => ({
      position: position.toString("hex"),
      value: value.toString("hex"),
    })),
  };
}

function markPublished(tree: TreeFound, epoch: number): Write {
  const { size, root } = headOf(tree);
  const options = { version: tree.version, removes: ["unpublished"] };
  return patch(tree.ref, { published: { size, root, epoch } }, options);
}
