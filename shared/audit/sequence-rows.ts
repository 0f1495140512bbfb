/**
 * Gives rows their places in their owners' trees. A commit takes rows of one owner: it moves the
 * frontier and takes the rows' marks away, both under the versions that were read. So each row gets
 * one place, whatever dies or runs twice. A tree's order is the order of these commits.
 */

import pMap from "p-map";
import * as z from "zod";
import { assert } from "../core/assert.ts";
import { mapPosition } from "../core/audit/heads-map.ts";
import {
  appendLeaf,
  type FilledNode,
  type Frontier,
  isFrontier,
} from "../core/audit/merkle-tree.ts";
import type { CallTurn } from "../core/call-turn.ts";
import type { Owner } from "../identity/owner.ts";
import { auditedOwner } from "../owners/act-on-owner.ts";
import { auditRows, StoredAuditRow } from "../store/audit-rows.ts";
import { type AuditTree, auditNodes, auditTreeId, auditTrees } from "../store/audit-trees.ts";
import {
  create,
  createOrReplace,
  patch,
  type Ref,
  type Version,
  type Write,
} from "../store/documents.ts";
import { type DueDocument, type DueRequest, nextPlace } from "../store/due-documents.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { isConflict } from "../store/with-deadline.ts";
import { inOwnersPasses, type MarkedPage } from "./in-owners-passes.ts";
import type { SequencerDeps } from "./sequencer-deps.ts";

/** Rows per query, which is also the most per commit. */
const rowsMax = 400;
const ownersAtOnce = 4;
/** Subtrees from this level on are stored: their rows are too many to read for a proof. */
const storedLevel = 8;

/** Rows of any version have these. Details stay where they are: only their hash is needed. */
const Unsequenced = StoredAuditRow.pick({ id: true, ownerId: true, leafHash: true }).extend({
  unsequenced: StoredAuditRow.shape.unsequenced.unwrap().unwrap(),
});
type Unsequenced = typeof Unsequenced;
/** What another instance has made of a row is nothing that this one must be able to read. */
const Any = z.looseObject({});
const source = { collectionGroup: auditRows.name, schema: Unsequenced };

/** How many rows got a place, were taken by another instance meanwhile, or are tried again. */
export interface SequencedRows {
  sequenced: number;
  raced: number;
  failed: number;
}

interface Work {
  readonly deps: SequencerDeps;
  readonly secret: Buffer;
  readonly turn: CallTurn;
  readonly counts: SequencedRows;
}

/** Goes through all owners, from a random one on and around. @param secret The map's. */
export async function sequenceRows(
  deps: SequencerDeps,
  secret: Buffer,
  turn: CallTurn,
): Promise<SequencedRows> {
  const work = { deps, secret, turn, counts: { sequenced: 0, raced: 0, failed: 0 } };
  const start = `user_${deps.random(9).toString("base64url")}`;
  await inOwnersPasses({
    start,
    isLate: () => turn.isLate(),
    done: () => work.counts.sequenced,
    workOn: async (place) => await sequencePage(work, place),
  });
  return work.counts;
}

async function sequencePage(
  work: Work,
  place: { readonly after: string; readonly upTo: string | null },
): Promise<MarkedPage> {
  const request: DueRequest = { field: "unsequenced", ...place, limit: rowsMax };
  const due: readonly DueDocument<Unsequenced>[] = await work.deps.store.findDue(source, request);
  const rows = due.flatMap((one) => readRow(work, one));
  const owners = Map.groupBy(rows, ({ value }) => value.ownerId);
  await pMap(owners, ([id, own]) => attempt(work, auditedOwner(id), own), {
    concurrency: ownersAtOnce,
  });
  return { ownerIds: [...owners.keys()], next: nextPlace(due, request) };
}

function readRow({ turn, counts }: Work, { ref, ...one }: DueDocument<Unsequenced>) {
  if (one.found) return [one.found];
  counts.failed += 1;
  turn.report("an audit row can't be read, so it isn't sequenced", one.cause, { path: ref.path });
  return [];
}

async function attempt(
  { deps, secret, turn, counts }: Work,
  owner: Owner,
  rows: readonly FoundDocument<Unsequenced>[],
): Promise<void> {
  try {
    const isDone = await appendRows(deps, { owner, secret }, rows);
    counts[isDone ? "sequenced" : "raced"] += rows.length;
  } catch (cause) {
    counts.failed += rows.length;
    turn.report("rows weren't sequenced; they are tried again", cause, { ownerId: owner.id });
  }
}

/**
 * One step: rows of one owner, in one commit. @returns False if another instance took one of them,
 * or changed the tree.
 */
async function appendRows(
  { store }: SequencerDeps,
  { owner, secret }: { readonly owner: Owner; readonly secret: Buffer },
  rows: readonly FoundDocument<Unsequenced>[],
): Promise<boolean> {
  const ref = auditTrees.of(owner, auditTreeId);
  const { value, version } = await store.get(ref);
  let frontier = readFrontier(value);
  const filled: FilledNode[] = [];
  for (const row of rows) {
    const appended = appendLeaf(frontier, Buffer.from(row.value.leafHash, "hex"));
    frontier = appended.frontier;
    filled.push(...appended.filled.filter(({ level }) => level >= storedLevel));
  }
  const first = value?.size ?? 0;
  const tree: AuditTree = {
    v: 1,
    ownerId: owner.id,
    size: frontier.size,
    roots: frontier.roots.map((root) => root.toString("hex")),
    unpublished: mapPosition(secret, owner.id).toString("hex"),
    published: value?.published ?? null,
  };
  const writes = [
    ...rows.map((row, index) => placeRow(owner, row, first + index)),
    ...filled.map(({ level, index, hash }) =>
      create(auditNodes.of(owner, `${level}-${index}`), { v: 1, hash: hash.toString("hex") }),
    ),
    createOrReplace(ref, version, tree),
  ];
  try {
    await store.commitWithoutRetry(writes);
    return true;
  } catch (cause) {
    if (isConflict(cause) && (await hasChanged(store, [{ ref, version }, ...rows]))) return false;
    throw cause;
  }
}

/**
 * Whether what a commit was decided on has changed since. A conflict without that is one with a
 * document that shouldn't be there, and would last for ever.
 */
async function hasChanged(
  store: SequencerDeps["store"],
  read: readonly { readonly ref: Pick<Ref, "path">; readonly version: Version | null }[],
): Promise<boolean> {
  const now = await store.getAll(...read.map(({ ref: { path } }) => ({ path, schema: Any })));
  return now.some(({ version }, index) => {
    const before = read[index]?.version ?? null;
    return before === null || version === null ? before !== version : !version.isEqual(before);
  });
}

function placeRow(
  owner: Owner,
  { value, version }: FoundDocument<Unsequenced>,
  sequence: number,
): Write {
  const ref = auditRows.of(owner, value.id);
  return patch(ref, { sequence }, { version, removes: ["unsequenced"] });
}

/** A stored tree's frontier; the empty one if there is no tree yet. */
export function readFrontier(tree: Pick<AuditTree, "size" | "roots"> | null): Frontier {
  const roots = (tree?.roots ?? []).map((root) => Buffer.from(root, "hex"));
  const frontier = { size: tree?.size ?? 0, roots };
  assert(isFrontier(frontier), "a stored frontier is whole");
  return frontier;
}
