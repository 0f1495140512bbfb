/** Builds Firestore's queries. */
import type { Query } from "@google-cloud/firestore";

export interface PageRequest {
  readonly where?: readonly (readonly [field: string, value: string | boolean | null])[];
  /** Both ends are included; a missing end is open. */
  readonly between?: {
    readonly field: string;
    readonly from: number | undefined;
    readonly to: number | undefined;
  };
  readonly orderBy: readonly (readonly [field: string, direction: "asc" | "desc"])[];
  readonly limit: number;
  readonly offset: number;
}

export type Filter = Pick<PageRequest, "where" | "between">;

export function ordered(all: Query, request: Omit<PageRequest, "offset" | "limit">): Query {
  return request.orderBy.reduce<Query>(
    (query, [field, direction]) => query.orderBy(field, direction),
    filtered(all, request),
  );
}

export function filtered(all: Query, { where = [], between }: Filter): Query {
  let query = all;
  for (const [field, value] of where) query = query.where(field, "==", value);
  if (between?.from !== undefined) query = query.where(between.field, ">=", between.from);
  if (between?.to !== undefined) query = query.where(between.field, "<=", between.to);
  return query;
}
