import type { Query } from "@google-cloud/firestore";
import type * as z from "zod";
import { parseStored } from "./documents.ts";
import { deliver, type Listener } from "./shared-listener.ts";

/** Opens a listener to the document whose `field` is highest; see `Store.listenHighest`. */
export function listenHighest<S extends z.ZodType<object>>(
  all: Query,
  { schema, field }: { readonly schema: S; readonly field: string },
  listener: Listener<object | null>,
): () => void {
  const query = all.orderBy(field, "desc").limit(1);
  return query.onSnapshot(
    // An exception in the library's own callback would end the process.
    ({ docs: [doc] }) => deliver(listener, () => (doc ? parseStored(schema, doc.data()) : null)),
    (error) => listener.error(error),
  );
}
