/** Builds Firestore's queries. */
import { FieldPath, type Query } from "@google-cloud/firestore";

/** A place in an order: a document's value of the field that it is ordered by, and its id. */
export interface Cursor {
  readonly value: number | string;
  readonly id: string;
}

export interface PageRequest {
  readonly where?: readonly (readonly [field: string, value: string | boolean | null])[];
  /** A list that must have this item. Firestore takes one such condition per query. */
  readonly contains?: { readonly field: string; readonly item: string };
  /** Both ends are included; a missing end is open. */
  readonly between?: {
    readonly field: string;
    readonly from: number | undefined;
    readonly to: number | undefined;
  };
  readonly orderBy: readonly (readonly [field: string, direction: "asc" | "desc"])[];
  /** The place after which to begin; only with one field in `orderBy`. */
  readonly after?: Cursor | undefined;
  readonly limit: number;
  readonly offset: number;
}

export type WalkRequest = Omit<PageRequest, "offset">;

export type ManyRequest = WalkRequest & {
  /** Set for what ends something: that waits for nobody's reads (KEY-10). */
  readonly outOfTurn?: boolean;
};

export type Filter = Pick<PageRequest, "where" | "contains" | "between">;

export function first(all: Query, request: WalkRequest): Query {
  return ordered(all, request).limit(request.limit);
}

export function ordered(all: Query, request: Omit<WalkRequest, "limit">): Query {
  const { orderBy, after } = request;
  const query = orderBy.reduce<Query>(
    (query, [field, direction]) => query.orderBy(field, direction),
    filtered(all, request),
  );
  const last = orderBy.at(-1);
  if (!after || !last) return query;
  // Documents with the same value are ordered by id, in the direction of the last field.
  return query.orderBy(FieldPath.documentId(), last[1]).startAfter(after.value, after.id);
}

export function filtered(all: Query, { where = [], contains, between }: Filter): Query {
  let query = all;
  for (const [field, value] of where) query = query.where(field, "==", value);
  if (contains) query = query.where(contains.field, "array-contains", contains.item);
  if (between?.from !== undefined) query = query.where(between.field, ">=", between.from);
  if (between?.to !== undefined) query = query.where(between.field, "<=", between.to);
  return query;
}
