import type { DocumentSnapshot, QueryDocumentSnapshot } from "@google-cloud/firestore";
import type * as z from "zod";
import { ApiError } from "../errors/api-error.ts";
import { isVisible, parseStored, type Ref, type Snapshot, type Version } from "./documents.ts";

type Schema = z.ZodType<object>;

/** A document that a query found, or that was required. */
export interface FoundDocument<S extends Schema> {
  readonly ref: Ref<S>;
  readonly value: z.output<S>;
  readonly version: Version;
}

export function toFound<S extends Schema>(schema: S, doc: QueryDocumentSnapshot): FoundDocument<S> {
  const ref = { path: doc.ref.path, schema };
  return { ref, value: parseStored(schema, doc.data()), version: doc.updateTime };
}

export function toSnapshot<S extends Schema>(ref: Ref<S>, snapshot: DocumentSnapshot): Snapshot<S> {
  const data = snapshot.data();
  if (!data || !snapshot.updateTime || !isVisible(ref, data)) {
    return { ref, value: null, version: null };
  }
  return { ref, value: parseStored(ref.schema, data), version: snapshot.updateTime };
}

/** @throws {ApiError} `NOT_FOUND` if there is no such document. */
export function requireFound<S extends Schema>(snapshot: Snapshot<S>): FoundDocument<S> {
  if (snapshot.version) return snapshot;
  throw new ApiError("NOT_FOUND");
}
