import { Firestore } from "@google-cloud/firestore";
import { config } from "../config.ts";

/** The main database, and `keys`, which neither backups nor point-in-time recovery keep. */
export type DatabaseId = "(default)" | "keys";

/** Firestore gives a commit up then, so that one which we have refused can't land afterwards. */
const commitTimeoutMs = 9_000;

const clientConfig = {
  interfaces: {
    "google.firestore.v1.Firestore": { methods: { Commit: { timeout_millis: commitTimeoutMs } } },
  },
};

const databases = new Map<DatabaseId, Firestore>();

/** One client per database and process; it connects when first used. */
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
