/** Finds due documents of all owners, for sweeps. */
import type { Query } from "@google-cloud/firestore";
import type * as z from "zod";
import type { Ref } from "./documents.ts";
import { ordered, type PageRequest } from "./queries.ts";
import { type FoundDocument, toFound } from "./read-document.ts";

/**
 * Which documents are due: those with a number up to `until` in `field`, or with a text after
 * `after` in it, and up to `upTo` if there is one, in the order of the texts.
 */
export type DueRequest = Pick<PageRequest, "where" | "limit"> & {
  readonly field: string;
} & (
    | {
        /** Epoch milliseconds. */
        readonly until: number;
      }
    | { readonly after: string; readonly upTo?: string | null }
  );

/**
 * A due document, or the reason why it can't be read. A sweep serves everybody, so one document
 * that a newer release or a fault wrote mustn't stop it for the others.
 */
export type DueDocument<S extends z.ZodObject> =
  | { readonly ref: Ref<S>; readonly found: FoundDocument<S> }
  | {
      readonly ref: Ref<S>;
      readonly found: null;
      readonly cause: unknown;
      /** What the field says by which it was found. */
      readonly place: unknown;
    };

/**
 * The text after which the next page begins; null after the last page. Documents that can't be read
 * count as well: a page of nothing else mustn't hide what is behind it.
 */
export function nextPlace<S extends z.ZodObject>(
  page: readonly DueDocument<S>[],
  { field, limit }: Pick<DueRequest, "field" | "limit">,
): string | null {
  const last = page.at(-1);
  if (last === undefined || page.length < limit) return null;
  const place: unknown = last.found ? Reflect.get(last.found.value, field) : last.place;
  return typeof place === "string" ? place : null;
}

/** The longest due come first. Only the schema's fields are read. */
export async function readDue<S extends z.ZodObject>(
  all: Query,
  schema: S,
  { field, where = [], limit, ...range }: DueRequest,
): Promise<readonly DueDocument<S>[]> {
  const inRange =
    "until" in range ? all.where(field, "<=", range.until) : all.where(field, ">", range.after);
  const upTo = "upTo" in range ? range.upTo : null;
  const bounded = upTo ? inRange.where(field, "<=", upTo) : inRange;
  const due = ordered(bounded, { where, orderBy: [[field, "asc"]] });
  const { docs } = await due
    .select(...Object.keys(schema.shape))
    .limit(limit)
    .get();
  return docs.map((doc) => {
    const ref = { path: doc.ref.path, schema };
    try {
      return { ref, found: toFound(schema, doc) };
    } catch (cause) {
      return { ref, found: null, cause, place: doc.get(field) };
    }
  });
}
