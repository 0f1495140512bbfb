import { Firestore } from "@google-cloud/firestore";
import { config } from "../config.ts";

/** The main database, and `keys`, which neither backups nor point-in-time recovery keep. */
export type DatabaseId = "(default)" | "keys";

const databases = new Map<DatabaseId, Firestore>();

/** One client per database and process; it connects when first used. */
export function firestore(databaseId: DatabaseId = "(default)"): Firestore {
  const known = databases.get(databaseId);
  if (known) return known;
  const database = new Firestore({ projectId: config().GOOGLE_CLOUD_PROJECT, databaseId });
  databases.set(databaseId, database);
  return database;
}
