import { allows } from "../core/keys/scopes.ts";
import type { Owner } from "../identity/owner.ts";
import type { ApiKey } from "../store/api-keys.ts";
import type { ReadStore } from "../store/store.ts";
import { threads } from "../store/threads.ts";

/** Titles by the threads' ids; none for a key that may not read threads, as they quote messages. */
export async function threadTitles(
  store: Pick<ReadStore, "getAll">,
  { owner, key }: { readonly owner: Owner; readonly key: Pick<ApiKey, "scopes"> },
  ids: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  if (!allows(key.scopes, "threads:read")) return new Map();
  const found = await store.getAll(...[...new Set(ids)].map((id) => threads.of(owner, id)));
  return new Map(found.flatMap(({ value }) => (value ? [[value.id, value.title]] : [])));
}
