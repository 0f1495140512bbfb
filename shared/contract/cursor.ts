/** Lists that can be paged by a place in them, which stays where it is while items are added. */
import * as z from "zod";
import { type IdKind, idSchema } from "../core/ids.ts";
import { listBody, listOf, type Page, PageQuery } from "./common.ts";

/** A place in the order of creation: see `shared/store/queries.ts`. */
interface Cursor {
  readonly value: number;
  readonly id: string;
}

const form = /^(?<time>0|[1-9][0-9]{0,15})\.(?<id>.*)$/;

/**
 * `cursor` continues after the last item of an earlier page, and takes no `offset` beside it.
 * @param kind Of what is listed: elsewhere its places mean nothing.
 */
export function cursorQuery(kind: IdKind) {
  const idOfKind = idSchema(kind);
  const CursorText = z.string().transform((text, context): Cursor => {
    const { time = "", id = "" } = form.exec(text)?.groups ?? {};
    if (idOfKind.safeParse(id).success) return { value: Number(time), id };
    context.addIssue({ code: "custom", message: "must be a next_cursor of this list" });
    return z.NEVER;
  });
  return PageQuery.extend({ cursor: CursorText.optional() });
}

/** A check for `refine`. */
export const notBoth: [
  (query: { readonly offset: number; readonly cursor?: unknown }) => boolean,
  { path: string[]; message: string },
] = [
  ({ offset, cursor }) => cursor === undefined || offset === 0,
  { path: ["offset"], message: "can't be combined with cursor: send one of the two" },
];

/** A list with `next_cursor`: where the next page begins, and null after the last item. */
export function cursorListOf<T extends z.ZodType>(item: T) {
  return listOf(item).extend({ next_cursor: z.string().nullable() });
}

interface Dated {
  readonly id: string;
  readonly createdAt: number;
}

export function cursorListBody<T extends Dated, B>(
  { items, total, hasMore }: Page<T>,
  bodyOf: (item: T) => B,
) {
  const last = items.at(-1);
  const next = hasMore && last ? `${last.createdAt}.${last.id}` : null;
  const body = listBody(items.map(bodyOf), { offset: 0, total });
  return { ...body, has_more: hasMore, next_cursor: next };
}
