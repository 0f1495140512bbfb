/** Both databases without the functions, as an operator who restores them sees them. */
import type { CollectionReference, DocumentReference, Firestore } from "@google-cloud/firestore";
import canonicalize from "canonicalize";
import type { LocalCloud } from "../../local/cloud.ts";
import { openFirestore } from "../../local/firestore/admin-client.ts";

export interface Probe {
  readonly main: Firestore;
  readonly keys: Firestore;
  close(): Promise<void>;
}

export async function openProbe(cloud: LocalCloud): Promise<Probe> {
  const main = openFirestore(cloud.environment);
  const keys = openFirestore(cloud.environment, "keys");
  return {
    main,
    keys,
    async close() {
      await Promise.all([main.terminate(), keys.terminate()]);
    },
  };
}

/** Every document below `from`: its path, and its fields as canonical JSON. */
export async function documentsUnder(
  from: DocumentReference,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const own = await from.get();
  if (own.exists) found.set(from.path, canonicalize(own.data()) ?? "");
  for (const collection of await from.listCollections()) await addAll(found, collection);
  return found;
}

async function addAll(found: Map<string, string>, collection: CollectionReference): Promise<void> {
  for (const document of await collection.listDocuments()) {
    for (const [path, json] of await documentsUnder(document)) found.set(path, json);
  }
}
