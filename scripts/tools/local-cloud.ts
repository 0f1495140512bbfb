/** Finds the running local cloud for scripts, in the way that its functions do. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { firestoreHostFile } from "../../local/cloud/firestore.ts";
import { keyRing, projectId } from "../../local/cloud/names.ts";
import { kmsHostFile } from "../../local/cloud/services.ts";
import { repositoryRoot } from "./repository.ts";

/**
 * Points Google's clients at it, unless the environment names a project.
 * @throws if there is neither.
 */
export async function findLocalCloud(dataFolder = join(repositoryRoot, ".paddock")): Promise<void> {
  if (process.env.GOOGLE_CLOUD_PROJECT) return;
  const read = (file: string) => readFile(join(dataFolder, file), "utf8").catch(() => null);
  const [database, kms] = await Promise.all([firestoreHostFile, kmsHostFile].map(read));
  if (!database || !kms) {
    throw new Error("No local cloud runs here (npm start); or set GOOGLE_CLOUD_PROJECT.");
  }
  Object.assign(process.env, {
    GOOGLE_CLOUD_PROJECT: projectId,
    FIRESTORE_EMULATOR_HOST: database,
    PADDOCK_KMS_ENDPOINT: kms,
    PADDOCK_KMS_KEY_RING: keyRing,
    METADATA_SERVER_DETECTION: "none",
  });
}
