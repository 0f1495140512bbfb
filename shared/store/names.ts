import * as z from "zod";
import type { Ref } from "./documents.ts";
import type { Store } from "./store.ts";

const NamedById = z.object({ id: z.string(), name: z.string() });

/** The current names of documents by id; documents that don't exist are left out. */
export async function namesById(
  store: Store,
  refs: readonly Ref[],
): Promise<ReadonlyMap<string, string>> {
  const found = await store.getParts(NamedById, refs);
  return new Map(found.flatMap((named) => (named ? [[named.id, named.name] as const] : [])));
}
