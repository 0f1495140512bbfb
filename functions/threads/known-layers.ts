/** The layers that an owner's environments have. */
import type { Owner } from "#shared/identity/owner";
import { inMemoryTurn } from "#shared/limits/memory-turns";
import { environments, type Layer } from "#shared/store/environments";
import type { Cursor } from "#shared/store/queries";
import type { ReadStore } from "#shared/store/store";

/** Without its variables, which its configuration says as well. */
export type KnownLayer = Omit<Layer, "variables">;

/** An environment's layers may have half a megabyte of variables. */
const pageLength = 25;
const WithLayers = environments.schema.pick({ id: true, layers: true });

/** Those of all environments that the key may see, read in the owner's turn (TEN-2). */
export async function readLayers(
  store: Pick<ReadStore, "findParts">,
  owner: Owner,
): Promise<readonly KnownLayer[]> {
  return await inMemoryTurn({ ownerId: owner.id, asker: "layers" }, async () => {
    const known: KnownLayer[] = [];
    for (let after: Cursor | undefined; ; ) {
      const page = await store.findParts(environments.all(owner), WithLayers, {
        orderBy: [["id", "asc"]],
        after,
        limit: pageLength,
      });
      for (const { variables: _left, ...layer } of page.flatMap(({ layers }) => layers)) {
        known.push(layer);
      }
      const last = page.at(-1);
      if (!last || page.length < pageLength) return known;
      after = { value: last.id, id: last.id };
    }
  });
}
