/** Everything of one kind that is an owner's, read in the order of paths, whatever it is below. */
import {
  FieldPath,
  type Firestore,
  type Query,
  type QueryDocumentSnapshot,
} from "@google-cloud/firestore";
import type * as z from "zod";
import type { CollectionGroupRef } from "./documents.ts";
import { type FoundDocument, toFound } from "./read-document.ts";
import { type ReadOptions, readFitting } from "./read-page.ts";

export interface GroupRequest {
  /** The path after which to begin. */
  readonly after: string | null;
  readonly limit: number;
}

/** What was read, and where to go on; `last` is null once there are certainly no more. */
export interface GroupPage<T> {
  readonly found: readonly T[];
  readonly last: string | null;
}

/**
 * A page of a group's documents. It costs as many reads as it has documents, while asking each
 * outer document for its own costs at least one read and a round trip each.
 */
export async function readGroup<S extends z.ZodType<object>>(
  db: Firestore,
  group: CollectionGroupRef<S>,
  { after, ...options }: GroupRequest & ReadOptions,
): Promise<GroupPage<FoundDocument<S>>> {
  const { documents, isEnd } = await readFitting(inOrder(db, group, after), options);
  const found = meant(group, documents).map((doc) => toFound(group.schema, doc));
  return { found, last: isEnd ? null : pathOf(documents) };
}

/** Only the paths of a page's documents; no field is sent. */
export async function readGroupPaths(
  db: Firestore,
  group: CollectionGroupRef,
  { after, limit }: GroupRequest,
): Promise<GroupPage<string>> {
  const { docs } = await inOrder(db, group, after).select().limit(limit).get();
  const found = meant(group, docs).map(({ ref }) => ref.path);
  return { found, last: docs.length < limit ? null : pathOf(docs) };
}

function pathOf(documents: readonly QueryDocumentSnapshot[]): string | null {
  return documents.at(-1)?.ref.path ?? null;
}

/**
 * Paths are compared name by name, and all of an owner's begin with the owner's. No id has the
 * character `!`, which sorts before all that ids have, so nobody else's lie in between.
 */
function inOrder(db: Firestore, group: CollectionGroupRef, after: string | null): Query {
  const { ownerPath, pattern } = group;
  const name = pattern.slice(pattern.lastIndexOf("/") + 1);
  const all = db.collectionGroup(name).orderBy(FieldPath.documentId());
  return all.startAfter(after ?? ownerPath).endBefore(`${ownerPath}!`);
}

function meant(
  { pattern }: CollectionGroupRef,
  documents: readonly QueryDocumentSnapshot[],
): readonly QueryDocumentSnapshot[] {
  return documents.filter(({ ref }) => patternOf(ref.parent.path) === pattern);
}

/** A collection's path with `*` for ids. */
function patternOf(path: string): string {
  const names = path.split("/");
  return names.map((name, depth) => (depth % 2 === 0 ? name : "*")).join("/");
}
