import { Firestore } from "@google-cloud/firestore";
import { config } from "../config.ts";

/** The main database, and `keys`, which neither backups nor point-in-time recovery cover. */
export type DatabaseId = "(default)" | "keys";

/**
 * Firestore gives up a commit after this, so one that we have reported as failed can't land later.
 */
const commitTimeoutMs = 9_000;

const clientConfig = {
  interfaces: {
    "google.firestore.v1.Firestore": { methods: { Commit: { timeout_millis: commitTimeoutMs } } },
  },
};

const databases = new Map<DatabaseId, Firestore>();

/** One client per database and process; it connects on first use. */
export function firestore(databaseId: DatabaseId = "(default)"): Firestore {
  const known = databases.get(databaseId);
  if (known) return known;
  const database = new Firestore({
    projectId: config().GOOGLE_CLOUD_PROJECT,
    databaseId,
    clientConfig,
  });
  databases.set(databaseId, database);
  return database;
}
