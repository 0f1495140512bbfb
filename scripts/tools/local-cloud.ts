/** Finds the running local cloud for scripts, in the way that its functions do. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { firestoreHostFile } from "../../local/cloud/firestore.ts";
import { archiveBucket, billingArchive, keyRing, projectId } from "../../local/cloud/names.ts";
import { kmsHostFile, storageHostFile } from "../../local/cloud/services.ts";
import { repositoryRoot } from "./repository.ts";

/**
 * Points Google's clients at it, unless the environment names a project.
 * @throws if there is neither.
 */
export async function findLocalCloud(dataFolder = join(repositoryRoot, ".paddock")): Promise<void> {
  if (process.env.GOOGLE_CLOUD_PROJECT) return;
  const read = (file: string) => readFile(join(dataFolder, file), "utf8").catch(() => null);
  const files = [firestoreHostFile, kmsHostFile, storageHostFile];
  const [database, kms, storage] = await Promise.all(files.map(read));
  if (!database || !kms || !storage) {
    throw new Error("No local cloud runs here (npm start); or set GOOGLE_CLOUD_PROJECT.");
  }
  Object.assign(process.env, {
    GOOGLE_CLOUD_PROJECT: projectId,
    FIRESTORE_EMULATOR_HOST: database,
    PADDOCK_KMS_ENDPOINT: kms,
    PADDOCK_KMS_KEY_RING: keyRing,
    STORAGE_EMULATOR_HOST: `http://${storage}`,
    PADDOCK_ARCHIVE_BUCKET: archiveBucket,
    PADDOCK_BILLING_ARCHIVE: billingArchive,
    METADATA_SERVER_DETECTION: "none",
  });
}
