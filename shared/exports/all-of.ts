import type * as z from "zod";
import type { GroupPage } from "../store/collection-groups.ts";
import type { CollectionGroupRef, CollectionRef } from "../store/documents.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { ReadStore } from "../store/store.ts";
import type { Inner } from "./joined.ts";

const pageLength = 64;
/** Pages are short where documents are large, so that little is in memory at once. */
const pageBytesMax = 1024 * 1024;

/** How the next page is read: in one chunk, if the one before was full of small documents. */
class Fitting {
  readonly bytesMax = pageBytesMax;
  readonly chunkMax = pageLength;
  firstChunk = 8;

  note({ length }: readonly unknown[]): void {
    this.firstChunk = Math.max(1, Math.min(pageLength, length));
  }
}

interface Walk {
  /** A field by which documents are found in an order, such as the time of their creation. */
  readonly field: string;
  readonly where?: readonly (readonly [field: string, value: string | null])[];
}

/** All documents of a collection, read page by page; what is added meanwhile may be among them. */
export async function* allOf<S extends z.ZodType<object>>(
  store: Pick<ReadStore, "walk">,
  collection: CollectionRef<S>,
  { field, where = [] }: Walk,
): AsyncGenerator<z.output<S>> {
  const fitting = new Fitting();
  for (let after: { value: number; id: string } | undefined; ; ) {
    const { found, isEnd } = await store.walk(
      collection,
      { where, orderBy: [[field, "asc"]], after, limit: pageLength },
      fitting,
    );
    fitting.note(found);
    for (const { value } of found) yield value;
    const last = found.at(-1);
    if (isEnd || !last) return;
    const id = last.ref.path.slice(last.ref.path.lastIndexOf("/") + 1);
    after = { value: Number(Reflect.get(last.value, field)), id };
  }
}

/**
 * All documents of one kind that are an owner's, in the order of their paths: by the ids of what
 * they are below, and then by their own.
 */
export async function* allThroughout<S extends z.ZodType<object>>(
  store: Pick<ReadStore, "walkGroup">,
  group: CollectionGroupRef<S>,
): AsyncGenerator<Inner<z.output<S>>> {
  const fitting = new Fitting();
  for (let after: string | null = null; ; ) {
    const page: GroupPage<FoundDocument<S>> = await store.walkGroup(
      group,
      { after, limit: pageLength },
      fitting,
    );
    fitting.note(page.found);
    for (const { ref, value } of page.found) yield { outerId: outerIdOf(ref.path), value };
    if (page.last === null) return;
    after = page.last;
  }
}

/** The id of the document that one of an inner collection is below; its own in an outermost one. */
function outerIdOf(path: string): string {
  const names = path.split("/");
  return (names.length > 4 ? names.at(-3) : names.at(-1)) ?? "";
}

export async function* valuesOf<I>(inner: AsyncIterable<Inner<I>>): AsyncGenerator<I> {
  for await (const { value } of inner) yield value;
}
