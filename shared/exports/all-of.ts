import type * as z from "zod";
import type { CollectionRef } from "../store/documents.ts";
import type { ReadStore } from "../store/store.ts";

const pageLength = 100;
/** Pages are short where documents are large, so that little is in memory at once. */
const pageBytesMax = 1024 * 1024;

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
  for (let after: { value: number; id: string } | undefined; ; ) {
    const { found, isEnd } = await store.walk(
      collection,
      { where, orderBy: [[field, "asc"]], after, limit: pageLength },
      { bytesMax: pageBytesMax, chunkMax: pageLength },
    );
    for (const { value } of found) yield value;
    const last = found.at(-1);
    if (isEnd || !last) return;
    const id = last.ref.path.slice(last.ref.path.lastIndexOf("/") + 1);
    after = { value: Number(Reflect.get(last.value, field)), id };
  }
}
