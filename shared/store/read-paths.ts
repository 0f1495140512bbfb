/** Queries of which less than whole documents is read. */

import {
  type DocumentReference,
  FieldPath,
  type Firestore,
  type Query,
  type QuerySnapshot,
} from "@google-cloud/firestore";
import type * as z from "zod";
import { allInOrder } from "../errors/all-in-order.ts";
import { isVisible, parseStored, type Ref, type Version } from "./documents.ts";
import { filtered, type PageRequest } from "./queries.ts";

export interface PathsRequest extends Pick<PageRequest, "where" | "limit"> {
  /** The id after which to begin. */
  readonly after?: string | null;
}

/** The paths of matching documents in the order of their ids; no field is sent. */
export async function readPaths(all: Query, request: PathsRequest): Promise<readonly string[]> {
  return (await readVersions(all, request)).map(({ path }) => path);
}

/** The same, each with the document's version. */
export async function readVersions(
  all: Query,
  request: PathsRequest,
): Promise<readonly { readonly path: string; readonly version: Version }[]> {
  const { after = null, limit, ...filter } = request;
  const byId = filtered(all, filter).orderBy(FieldPath.documentId());
  const rest = after === null ? byId : byId.startAfter(after);
  const { docs } = await rest.select().limit(limit).get();
  return docs.map(({ ref: { path }, updateTime: version }) => ({ path, version }));
}

/** The distinct texts of a field in order, each found by a query of its own. */
export async function readDistinct(
  all: Query,
  { field, max }: { readonly field: string; readonly max: number },
  run: (query: Query) => Promise<QuerySnapshot>,
): Promise<string[]> {
  const inOrder = all.orderBy(field).select(field).limit(1);
  const values: string[] = [];
  while (values.length < max) {
    const { docs } = await run(inOrder.where(field, ">", values.at(-1) ?? ""));
    const value = docs[0]?.get(field);
    if (typeof value !== "string") break;
    values.push(value);
  }
  return values;
}

/** Some fields of several documents, in the order asked for; null for one that doesn't exist. */
export async function readParts<S extends z.ZodObject>(
  db: Firestore,
  part: S,
  refs: readonly Ref[],
): Promise<readonly (z.output<S> | null)[]> {
  if (refs.length === 0) return [];
  const fields = [...Object.keys(part.shape), ...refs.flatMap(({ within }) => within?.field ?? [])];
  const places = refs.map(({ path }) => db.doc(path));
  const snapshots = await db.getAll(...places, { fieldMask: [...new Set(fields)] });
  return refs.map((ref, index) => {
    const data = snapshots[index]?.data();
    return data && isVisible(ref, data) ? parseStored(part, data) : null;
  });
}

/** For each collection below a document, the paths of some documents in it. */
export type Below = readonly { readonly collection: string; readonly paths: readonly string[] }[];

/** Also names documents that don't exist and have documents below them. */
export async function readBelow(document: DocumentReference, limit: number): Promise<Below> {
  const collections = await document.listCollections();
  const below = collections.map(async (collection) => {
    const paths = (await collection.listDocuments()).slice(0, limit).map(({ path }) => path);
    return { collection: collection.id, paths };
  });
  return await allInOrder(below);
}
